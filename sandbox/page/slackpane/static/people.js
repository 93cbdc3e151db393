// The switch from person to person.
export function startPeople(slack) {
  const { root, page } = slack;
  let open = false;
  let railed = ''; // whose place on the rail was scrolled to
  let left = false; // somebody was chosen from the list, in which the focus was

  const button = () => root.querySelector('#sl-switch');
  const panel = () => root.querySelector('#sl-people');
  const filter = () => root.querySelector('#sl-people-filter');
  const shown = () => [...panel().querySelectorAll('.sl-who')].filter((b) => !b.closest('li').hidden);

  // first is whom Enter takes: a name that begins as the words do comes before what else fits, such as a manager's name.
  function first() {
    const words = filter().value.trim().toLowerCase();
    const list = shown();
    return list.find((b) => words && b.dataset.words.toLowerCase().startsWith(words)) ?? list[0];
  }

  function show(is) {
    open = is;
    if (is) filter().value = '';
    restore();
    if (is) filter().focus();
  }

  function sift() {
    const words = filter().value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    for (const b of panel().querySelectorAll('.sl-who')) {
      const text = b.dataset.words.toLowerCase();
      const fits = words.every((w) => text.includes(w));
      b.closest('li').hidden = !fits;
      if (fits) n++;
    }
    for (const s of panel().querySelectorAll('section')) s.hidden = !s.querySelector('li:not([hidden])');
    root.querySelector('#sl-people-none').hidden = n > 0;
    const taken = words.length ? first() : null;
    for (const b of panel().querySelectorAll('.sl-who')) b.toggleAttribute('data-first', b === taken);
  }

  root.addEventListener('click', (e) => {
    if (e.target.closest('#sl-switch')) {
      show(!open);
      return;
    }
    const who = e.target.closest('button[data-who]');
    if (!who) return;
    const listed = panel().contains(who);
    show(false);
    // Who has something to read is taken there.
    const news = who.querySelector('.sl-count, .sl-dot');
    page.go({ who: who.dataset.who, older: null, ...(news ? { tab: 'messages' } : {}) });
    left = listed;
  });
  root.addEventListener('input', (e) => {
    if (e.target.id !== 'sl-people-filter') return;
    sift();
    panel().querySelector('[data-first]')?.scrollIntoView({ block: 'nearest' });
  });
  root.addEventListener('keydown', (e) => {
    if (!open || !panel()?.contains(e.target)) return;
    const list = shown();
    const at = list.indexOf(e.target);
    if (e.key === 'Escape') {
      e.preventDefault();
      show(false);
      button().focus();
    } else if (e.key === 'ArrowDown') {
      e.preventDefault();
      list[Math.min(at + 1, list.length - 1)]?.focus();
    } else if (e.key === 'ArrowUp') {
      e.preventDefault();
      (list[at - 1] ?? filter()).focus();
    } else if (e.key === 'Enter' && e.target === filter() && list.length) {
      e.preventDefault();
      first().click();
    }
  });
  document.addEventListener('pointerdown', (e) => {
    if (open && !panel()?.contains(e.target) && !button()?.contains(e.target)) show(false);
  });
  root.addEventListener('focusout', (e) => {
    if (open && e.relatedTarget && panel().contains(e.target) && !panel().contains(e.relatedTarget) && !button().contains(e.relatedTarget)) show(false);
  });

  function restore() {
    panel().hidden = !open;
    button().setAttribute('aria-expanded', String(open));
    if (open) sift();
    if (slack.who !== railed) {
      railed = slack.who;
      root.querySelector('.sl-rail-face[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
    // The focus comes back when the chosen person is there, unless it has gone elsewhere meanwhile.
    if (!left || slack.who !== page.who) return;
    left = false;
    const at = document.activeElement;
    if (!at || at === document.body || panel().contains(at)) button().focus({ preventScroll: true });
  }
  return { restore };
}
