// What is before the person: the newest message, what counts as read, and the Home tab that is drawn when it is opened.

// near is how far from the end of the list still counts as its end, in pixels; again is how soon a Home tab that was not
// drawn may be opened again, in milliseconds.
const near = 40;
const again = 3000;

export function startRoom(slack) {
  const { root } = slack;
  let shown = null; // id of the list that was scrolled to its end
  let atEnd = true;
  let newest = '';
  let follow = false; // the person has just written
  let opened = { who: null, at: 0 };
  let retry; // a Home tab that was not drawn is opened again, whether anything else happens or not

  const list = () => root.querySelector('.sl-list');
  const pill = () => root.querySelector('#sl-pill');
  const toEnd = (l) => { l.scrollTop = l.scrollHeight; };
  const isAtEnd = (l) => l.scrollHeight - l.scrollTop - l.clientHeight < near;

  // held tells whether something in the list is about to be used, under which nothing may move.
  const held = (l) => l.matches(':hover') || (l.contains(document.activeElement) && document.activeElement !== l);

  function markRead(l) {
    const { newest: ts, read } = l.dataset;
    if (!ts || ts <= read || !slack.seen || !atEnd) return;
    l.dataset.read = ts;
    slack.post('read', { tab: slack.tab, ts }).then(() => slack.draw());
  }

  function openHome() {
    if (slack.tab !== 'home' || !slack.seen) {
      opened.who = null;
      return;
    }
    const fresh = opened.who !== slack.who;
    const missing = root.querySelector('.sl-home > .sl-nothing');
    if (!fresh && !missing) return;
    const early = fresh ? 0 : opened.at + again - Date.now();
    clearTimeout(retry);
    retry = setTimeout(openHome, early > 0 ? early : again);
    if (early > 0) return;
    opened = { who: slack.who, at: Date.now() };
    slack.post('open', { tab: 'home' });
  }

  function restore() {
    openHome();
    const l = list();
    if (!l) {
      shown = null;
      return;
    }
    if (l.id !== shown || follow) {
      shown = l.id;
      atEnd = true;
      toEnd(l);
    } else if (l.dataset.newest > newest && !isAtEnd(l)) {
      if (atEnd && !held(l)) toEnd(l);
      else atEnd = false;
    }
    follow = false;
    newest = l.dataset.newest;
    pill().hidden = atEnd || isAtEnd(l);
    markRead(l);
  }

  root.addEventListener('scroll', (e) => {
    const l = list();
    if (e.target !== l) return;
    atEnd = isAtEnd(l);
    if (!atEnd) return;
    pill().hidden = true;
    markRead(l);
  }, { capture: true, passive: true });
  root.addEventListener('click', (e) => {
    if (!e.target.closest('#sl-pill')) return;
    atEnd = true;
    toEnd(list());
    list().focus({ preventScroll: true });
  });
  document.addEventListener('visibilitychange', restore);
  slack.follow = () => { follow = true; };
  return { restore };
}
