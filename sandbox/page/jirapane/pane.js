// The Jira pane: links lead to issues, buttons do what a user of Jira does, and what is new is marked for a moment.
const marked = 2600; // ms

export function start(root, page) {
  const drafts = new Map(); // whose comment on which issue -> what was typed and not sent
  const fresh = new Map(); // id of what is new -> when the mark goes
  let known = new Map(); // id -> version
  let shown; // what the pane shows: a list or an issue, to whom
  let failure; // Jira's refusal, until it is dismissed or something else is shown

  const draftOf = (box) => `${page.who} ${box.dataset.key}`;

  // After each drawing: put back what only the browser knows, and mark what has changed since the one before.
  function settle() {
    const view = root.querySelector('[data-view]')?.dataset.view;
    const versions = new Map();
    for (const e of root.querySelectorAll('[id][data-version]')) {
      versions.set(e.id, e.dataset.version);
      if (view === shown && known.get(e.id) !== e.dataset.version) mark(e.id);
    }
    if (view !== shown) {
      fresh.clear();
      failure = undefined;
    }
    known = versions;
    shown = view;
    for (const [id, until] of fresh) {
      document.getElementById(id)?.classList.toggle('jira-fresh', until > Date.now());
    }
    const box = root.querySelector('#jira-words');
    const draft = box && (drafts.get(draftOf(box)) ?? '');
    if (box && box.value !== draft) box.value = draft;
    showFailure();
  }

  function mark(id) {
    fresh.set(id, Date.now() + marked);
    setTimeout(() => {
      if ((fresh.get(id) ?? Infinity) > Date.now()) return;
      fresh.delete(id);
      document.getElementById(id)?.classList.remove('jira-fresh');
    }, marked + 20);
  }

  function showFailure() {
    const box = root.querySelector('#jira-error');
    if (!box) return;
    box.hidden = !failure;
    if (failure) box.querySelector('p').textContent = failure;
  }

  // ask does something as the chosen person and says whether Jira let it happen.
  async function ask(verb, body, button) {
    button.disabled = true;
    const { ok, data } = await page.post(`/jira/${verb}`, { who: page.who, ...body });
    button.disabled = false;
    failure = ok ? data.failed : data.error;
    showFailure();
    if (!failure) await page.refresh('jira');
    return !failure;
  }

  const key = () => page.query().get('issue');

  async function open(link) {
    const { issue, activity, rows } = link.dataset;
    const from = key();
    if (activity !== undefined) return page.go({ activity });
    if (rows !== undefined) return page.go({ rows });
    await page.go({ issue: issue || null, activity: null });
    const there = issue ? root.querySelector('#jira-title') : document.getElementById(`jira-row-${from}`)?.querySelector('a');
    there?.focus();
    return undefined;
  }

  function closeSteps(e) {
    const menu = root.querySelector('#jira-status[open]');
    if (!menu || (e.type === 'click' && menu.contains(e.target))) return;
    if (e.type === 'keydown') {
      if (e.key !== 'Escape') return;
      menu.querySelector('summary').focus();
    }
    menu.open = false;
  }

  root.addEventListener('click', (e) => {
    const link = e.target.closest('a[data-issue], a[data-activity], a[data-rows]');
    if (link && !e.ctrlKey && !e.metaKey && !e.shiftKey) {
      e.preventDefault();
      open(link);
      return;
    }
    if (e.target.closest('a[data-jump]')) {
      e.preventDefault();
      const heading = root.querySelector('#jira-h-activity');
      heading.closest('.jira-scroll').scrollTop = heading.offsetTop - 8;
      heading.focus({ preventScroll: true });
      return;
    }
    const issue = e.target.closest('.jira-wiki a')?.getAttribute('href').match(/\/browse\/([A-Z][A-Z0-9_]*-\d+)$/)?.[1];
    if (issue) {
      e.preventDefault();
      page.go({ issue, activity: null });
      return;
    }
    const button = e.target.closest('button');
    if (button?.dataset.step) {
      const menu = button.closest('details');
      ask('transition', { issue: key(), name: button.dataset.step }, button).then(() => {
        menu.open = false;
        (root.querySelector('#jira-status summary') ?? root.querySelector('#jira-title'))?.focus();
      });
    } else if (button && 'dismiss' in button.dataset) {
      failure = undefined;
      showFailure();
    }
  });
  root.addEventListener('input', (e) => {
    if (e.target.id === 'jira-words') drafts.set(draftOf(e.target), e.target.value);
  });
  root.addEventListener('submit', async (e) => {
    e.preventDefault();
    const box = root.querySelector('#jira-words');
    const draft = draftOf(box);
    const text = box.value;
    if (await ask('comment', { issue: box.dataset.key, text }, e.target.querySelector('button')) && drafts.get(draft) === text) {
      drafts.delete(draft);
      settle();
      root.querySelector('.jira-entries .jira-fresh')?.scrollIntoView({ block: 'nearest' });
    }
  });
  // The arrows walk through the steps, as they do in Jira.
  root.addEventListener('keydown', (e) => {
    const menu = e.target.closest?.('#jira-status[open]');
    if (!menu || (e.key !== 'ArrowDown' && e.key !== 'ArrowUp')) return;
    e.preventDefault();
    const steps = [...menu.querySelectorAll('button')];
    const at = steps.indexOf(e.target) + (e.key === 'ArrowDown' ? 1 : -1);
    steps[Math.max(0, Math.min(at, steps.length - 1))]?.focus();
  });
  root.addEventListener('keydown', (e) => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey) && e.target.id === 'jira-words') e.target.form.requestSubmit();
  });
  document.addEventListener('click', closeSteps);
  document.addEventListener('keydown', closeSteps);
  page.on('updated', (name) => {
    if (name === 'jira') settle();
  });
  settle();
}
