// The page's own part: keeps each pane as the server draws it, and hands the panes what they share.
import { Idiomorph } from '/static/idiomorph.js';
import { start as startSlack } from '/static/slack/pane.js';
import { start as startJira } from '/static/jira/pane.js';
import { start as startDirectory } from '/static/directory/pane.js';
import { startBar } from '/static/bar.js';

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
// What is drawn anew when a part of the company changes.
const drawnFor = {
  slack: ['slack', 'calls', 'bar'], jira: ['jira', 'calls', 'bar'], directory: ['directory', 'calls', 'bar'],
  bar: ['bar', 'slack', 'jira', 'directory'],
};
const listeners = [];
const drawing = new Map(); // name -> {again} while a fragment is on its way
const drawn = new Map(); // name -> {asked, text} of what was drawn last
const told = new Set(); // names of the panes that were told to have changed and are not drawn yet

function query() {
  const q = new URLSearchParams(location.search);
  if (!q.get('who')) q.set('who', document.body.dataset.who);
  return q;
}

// What somebody types or has opened is theirs: the server's copy must not overwrite it.
const callbacks = {
  beforeNodeMorphed(from, to) {
    if (!(from instanceof Element)) return true;
    if (from.hasAttribute('data-keep')) return false;
    if (from === document.activeElement && from.matches('select')) return false;
    return true;
  },
  beforeAttributeUpdated(name, element) {
    if (name === 'open' && element.matches('details')) return false;
    return !(name === 'value' && element === document.activeElement);
  },
};

async function refresh(name) {
  const under = drawing.get(name);
  if (under) {
    under.again = true;
    return under.done;
  }
  const job = { again: false };
  drawing.set(name, job);
  job.done = draw(name, job);
  return job.done;
}

async function draw(name, job) {
  const root = document.getElementById(name);
  do {
    job.again = false;
    const q = query();
    q.set('tz', zone);
    try {
      const answer = await fetch(`/${name}/?${q}`);
      const text = await answer.text();
      // An answer to an older question is not shown: the next one is on its way.
      if (answer.ok && !job.again) {
        announce(name, `${q}`, text);
        Idiomorph.morph(root, text, { morphStyle: 'innerHTML', callbacks });
        for (const f of listeners) f(name);
      }
    } catch {
      lost(true);
    }
  } while (job.again);
  drawing.delete(name);
}

// announce marks a pane that is not in front and shows something else now. One that was only read does not.
function announce(name, asked, text) {
  const before = drawn.get(name);
  drawn.set(name, { asked, text });
  const changed = told.delete(name) && before?.asked === asked && before.text !== text;
  if (changed && name !== document.body.dataset.pane) document.querySelector(`#switch a[data-pane="${name}"]`)?.classList.add('news');
}

function lost(is) {
  document.getElementById('lost').hidden = !is;
}

let toastTimer;
function toast(words) {
  const box = document.getElementById('toast');
  box.textContent = words;
  box.classList.add('on');
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => box.classList.remove('on'), 6000);
}

export const page = {
  get who() { return query().get('who'); },
  query,
  refresh,
  toast,
  on(what, f) { if (what === 'updated') listeners.push(f); },

  // go changes the address; null takes a parameter out. Panes are drawn anew, and the back button leads back.
  go(changes, { replace = false } = {}) {
    const q = query();
    const before = `${q}`;
    for (const [k, v] of Object.entries(changes)) v === null ? q.delete(k) : q.set(k, v);
    history[replace || `${q}` === before ? 'replaceState' : 'pushState'](null, '', `?${q}`);
    return arrive();
  },

  // post never throws: data.error is a sentence when ok is false.
  async post(path, body) {
    try {
      const answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
      const text = await answer.text();
      try {
        return { ok: answer.ok, data: JSON.parse(text) };
      } catch {
        return { ok: false, data: { error: text } };
      }
    } catch {
      lost(true);
      return { ok: false, data: { error: 'The demo does not answer.' } };
    }
  },
};

function showPane() {
  const pane = query().get('pane') ?? 'slack';
  document.body.dataset.pane = pane;
  for (const a of document.querySelectorAll('#switch a')) {
    if (a.dataset.pane === pane) {
      a.setAttribute('aria-current', 'page');
      a.classList.remove('news');
    } else {
      a.removeAttribute('aria-current');
    }
  }
}

function arrive() {
  showPane();
  document.body.dataset.who = query().get('who');
  return Promise.all(['slack', 'jira', 'directory', 'calls', 'bar'].map(refresh));
}

// openHome opens the Home tab anew for whoever has it before them, which is not everybody's to open.
function openHome() {
  const { who, tab } = document.getElementById('sl')?.dataset ?? {};
  if (tab === 'home') page.post('/slack/open', { who, tab });
}

function listen() {
  const events = new EventSource('/events');
  events.onopen = () => {
    lost(false);
    arrive(); // Something may have changed meanwhile, and the server did not know the reader's time zone at first.
  };
  events.onerror = () => lost(true);
  events.addEventListener('changed', (e) => {
    const name = JSON.parse(e.data);
    told.add(name);
    for (const part of drawnFor[name]) refresh(part);
  });
  events.addEventListener('moved', () => {
    for (const part of drawnFor.bar) refresh(part);
    openHome(); // Nobody keeps their Home tab before them for hours: when time has passed they open it again.
  });
  events.addEventListener('follow', (e) => {
    const at = JSON.parse(e.data);
    if (Object.entries(at).some(([k, v]) => query().get(k) !== v)) page.go(at, { replace: true });
  });
  events.addEventListener('reset', async () => {
    await page.go({ issue: null, group: null, tab: null, rows: null, activity: null, older: null }, { replace: true });
    for (const a of document.querySelectorAll('#switch a.news')) a.classList.remove('news'); // What was new is gone.
    openHome();
  });
}

for (const a of document.querySelectorAll('#switch a')) {
  a.addEventListener('click', (e) => {
    e.preventDefault();
    page.go({ pane: a.dataset.pane });
  });
}
addEventListener('popstate', arrive);
showPane();
startBar(document.getElementById('bar'), page);
startSlack(document.getElementById('slack'), page);
startJira(document.getElementById('jira'), page);
startDirectory(document.getElementById('directory'), page);
listen();
