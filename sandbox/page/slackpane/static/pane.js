// The Slack pane in the browser. The server draws it; this file wires up what a person does in it.
import { startInputs } from './inputs.js';
import { startButtons } from './buttons.js';
import { startMenus } from './menus.js';
import { startCombobox } from './combobox.js';
import { startModal } from './modal.js';
import { startPeople } from './people.js';
import { startRoom } from './room.js';
import { startComposer } from './composer.js';
import { startLinks } from './links.js';

// start wires the pane. Each part listens on root, whose inside is replaced as the server draws it anew; what only the
// browser knows (what is being typed, what is open, what is busy) its restore() puts back after that.
export function start(root, page) {
  const slack = {
    root,
    page,
    get who() { return root.querySelector('#sl')?.dataset.who ?? page.who; },
    get tab() { return root.querySelector('#sl')?.dataset.tab; },
    post(verb, body) { return page.post(`/slack/${verb}`, { who: slack.who, ...body }); },
    // tell shows the sentence of an answer that is neither success nor one of Slack's own failures.
    tell(answer) { if (!answer.ok) page.toast(answer.data.error); },
    draw() { return page.refresh('slack'); },
    // seen tells whether the pane is before the person's eyes: at phone width another one may be.
    get seen() { return document.visibilityState === 'visible' && getComputedStyle(root).visibility === 'visible'; },
  };
  slack.links = startLinks(slack);
  slack.inputs = startInputs(slack);
  const buttons = startButtons(slack);
  slack.press = buttons.press;
  const parts = [
    slack.inputs, buttons, startMenus(slack), startCombobox(slack), startPeople(slack), startComposer(slack), startModal(slack), startRoom(slack),
  ];
  const restore = () => { for (const part of parts) part.restore(); };
  page.on('updated', (name) => { if (name === 'slack') restore(); });
  new ResizeObserver(restore).observe(root); // What floats stays beside its button.
  restore();
}
