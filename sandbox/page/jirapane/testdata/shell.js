// What the demo's page offers to a pane, in few lines.
import { Idiomorph } from '/idiomorph.js';
import { start } from '/pane.js';

const root = document.getElementById('jira');
const listeners = [];
const query = () => new URLSearchParams(location.search);
const page = {
  get who() { return query().get('who'); },
  query,
  on(_, f) { listeners.push(f); },
  toast() {},
  async refresh() {
    const html = await (await fetch(`/jira/${location.search}`)).text();
    const beforeAttributeUpdated = (name, e) => !(name === 'open' && e.matches('details'));
    Idiomorph.morph(root, html, { morphStyle: 'innerHTML', ignoreActiveValue: true, callbacks: { beforeAttributeUpdated } });
    for (const f of listeners) f('jira');
  },
  go(changes) {
    const q = query();
    for (const [k, v] of Object.entries(changes)) v === null ? q.delete(k) : q.set(k, v);
    history.pushState(null, '', `?${q}`);
    return page.refresh();
  },
  async post(path, body) {
    const answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    return { ok: answer.ok, data: await answer.json() };
  },
};
globalThis.refresh = page.refresh;
await page.refresh();
start(root, page);
