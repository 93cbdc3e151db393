// A page with nothing but the pane, for its tests: what sandbox/page gives to each pane, as short as can be.
import { Idiomorph } from '/static/idiomorph.js';
import { start } from '/static/slack/pane.js';

const root = document.getElementById('slack');
const listeners = [];
const query = () => new URLSearchParams(location.search);
let drawing = Promise.resolve();

const callbacks = {
  beforeNodeMorphed: (from) => !(from instanceof Element && (from.hasAttribute('data-keep') || (from === document.activeElement && from.matches('select')))),
  beforeAttributeUpdated: (name, element) => !(name === 'value' && element === document.activeElement),
};

function refresh() {
  drawing = drawing.then(async () => {
    const html = await (await fetch(`/slack/?${query()}`)).text();
    const typing = Boolean(document.activeElement?.matches('input, textarea'));
    Idiomorph.morph(root, html, { morphStyle: 'innerHTML', ignoreActiveValue: typing, callbacks });
    for (const f of listeners) f('slack');
  });
  return drawing;
}

const page = {
  get who() { return query().get('who'); },
  query,
  refresh,
  toast(words) { document.getElementById('toast').textContent = words; },
  on(what, f) { listeners.push(f); },
  go(changes) {
    const q = query();
    for (const [k, v] of Object.entries(changes)) v === null ? q.delete(k) : q.set(k, v);
    history.pushState(null, '', `?${q}`);
    return refresh();
  },
  async post(path, body) {
    const answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    return { ok: answer.ok, data: await answer.json() };
  },
};

await refresh();
start(root, page);
new EventSource('/events').onmessage = refresh;
