// Buttons: the question before, the wait for the app's acknowledgement, and Slack's mark when none came.
import { addressOf, find, keyOf, placeOf } from './place.js';
import { ask } from './confirm.js';

export function startButtons(slack) {
  const { root } = slack;
  const busy = new Map(); // key -> address of what waits for the app
  const faults = new Map(); // key -> {at, words, rev} of what the app did not answer

  const revOf = (at) => document.getElementById(at.box)?.dataset.rev;

  // press sends a click on a button, or on a line of an overflow menu, which is then the element.
  async function press(element) {
    const at = addressOf(element);
    const key = keyOf(at);
    if (busy.has(key)) return;
    const body = { who: slack.who, place: placeOf(element), block: at.block, action: at.action, value: element.dataset.value ?? '' };
    const { confirm, url } = element.dataset;
    if (confirm && !(await ask(confirm))) return;
    busy.set(key, at);
    faults.delete(key);
    restore();
    await slack.inputs.flush();
    const answer = await slack.post('press', body);
    busy.delete(key);
    slack.tell(answer);
    fault(at, answer);
    restore();
    if (url && answer.ok) slack.links.follow(url);
  }

  // fault keeps Slack's sentence about an element, until it is used again or what it stands in changes.
  function fault(at, answer) {
    if (answer.ok && answer.data.failed) faults.set(keyOf(at), { at, words: answer.data.failed, rev: revOf(at), fresh: true });
    else faults.delete(keyOf(at));
    showFaults();
  }
  slack.fault = fault;

  function showFaults() {
    for (const old of root.querySelectorAll('.sl-fault')) old.remove();
    for (const [key, f] of faults) {
      const element = find(f.at);
      if (!element || revOf(f.at) !== f.rev) {
        if (document.getElementById(f.at.box)) faults.delete(key);
        continue;
      }
      const mark = document.createElement('span');
      mark.className = 'sl-fault';
      if (f.fresh) mark.setAttribute('role', 'alert');
      f.fresh = false;
      mark.append(Object.assign(document.createElement('span'), { textContent: '⚠️', ariaHidden: 'true' }), ` ${f.words}`);
      (element.closest('.bk-overflow, .bk-combobox') ?? element).after(mark);
    }
  }

  root.addEventListener('click', (e) => {
    const element = e.target.closest('button[data-kind]');
    if (element && !element.dataset.kind.startsWith('overflow')) press(element);
  });

  function restore() {
    for (const b of root.querySelectorAll('[data-kind][aria-busy]')) {
      if (!busy.has(keyOf(addressOf(b)))) b.removeAttribute('aria-busy');
    }
    for (const at of busy.values()) find(at)?.setAttribute('aria-busy', 'true');
    showFaults();
  }
  return { press, restore };
}
