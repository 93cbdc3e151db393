// Modals: where the focus goes, how it stays inside, and the buttons at the foot.

const reachable = 'a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled]), [tabindex="0"]';

export function startModal(slack) {
  const { root } = slack;
  let shown = null; // id of the dialog that had the focus brought in
  let opener = null; // what had the focus before the first one
  let last = null; // {block, action} of what had the focus in it last
  let busy = null; // view that is being submitted

  const dialog = () => root.querySelector('.sl-modal');
  const elsewhere = () => {
    const a = document.activeElement;
    return a && a !== document.body && !root.contains(a);
  };

  // heading takes the focus where no control is named: it is read out, and the next Tab leads to what comes first.
  const heading = (d) => d.querySelector('h2');

  function enter(d) {
    const wanted = d.querySelector('[data-focus="true"]') ?? null;
    const inner = wanted?.matches('.bk-combobox') ? wanted.querySelector('input') : wanted;
    (inner ?? heading(d)).focus({ preventScroll: true });
  }

  // back returns into a view whose focused element the app has replaced.
  function back(d) {
    const same = last && d.querySelector(`[data-action="${CSS.escape(last)}"]`);
    const inner = same?.querySelector('input, select, textarea, button') ?? same;
    (inner ?? heading(d)).focus({ preventScroll: true });
  }

  function restore() {
    const d = dialog();
    if (!d) {
      if (shown && !elsewhere()) {
        const to = opener?.isConnected ? opener : document.getElementById(opener?.id) ?? root.querySelector('.sl-list, .sl-home');
        to?.focus({ preventScroll: true });
      }
      shown = opener = last = busy = null;
      return;
    }
    if (d.id !== shown) {
      if (!shown) opener = root.contains(document.activeElement) ? document.activeElement : null;
      shown = d.id;
      last = null;
      if (!elsewhere()) enter(d);
    } else if (!elsewhere() && !d.contains(document.activeElement) && !document.activeElement?.closest('.sl-top, .sl-rail')) {
      back(d);
    }
    const submit = d.querySelector('[data-submit]');
    if (busy === d.dataset.view) submit?.setAttribute('aria-busy', 'true');
    else submit?.removeAttribute('aria-busy');
  }

  async function submit(d) {
    const { view } = d.dataset;
    if (busy === view || !d.querySelector('[data-submit]')) return;
    busy = view;
    restore();
    await slack.inputs.flush();
    const answer = await slack.post('submit', { view });
    if (busy === view) busy = null;
    slack.tell(answer);
    await slack.draw();
    if (answer.data.errors) dialog()?.querySelector('[aria-invalid="true"], .bk-error')?.focus();
  }

  async function close(all) {
    const d = dialog();
    if (!d) return;
    slack.tell(await (all ? slack.post('close-all', {}) : slack.post('close', { view: d.dataset.view })));
  }

  root.addEventListener('click', (e) => {
    const d = dialog();
    const button = d && e.target.closest('[data-close], [data-submit]');
    if (!button) return;
    if (button.dataset.submit) submit(d);
    else close(button.dataset.close === 'all');
  });
  root.addEventListener('focusin', (e) => {
    const action = e.target.closest('.sl-modal [data-action]')?.dataset.action;
    if (action) last = action;
  });
  root.addEventListener('keydown', (e) => {
    const d = e.target.closest('.sl-modal');
    if (!d || e.defaultPrevented || e.isComposing) return;
    if (e.key === 'Enter' && (e.target.matches('input:not([type="checkbox"], [type="radio"], [role="combobox"])') || ((e.ctrlKey || e.metaKey) && e.target.matches('textarea')))) {
      e.preventDefault();
      submit(d);
    } else if (e.key === 'Tab') {
      keepInside(e, d);
    }
  });
  document.addEventListener('keydown', (e) => {
    const d = dialog();
    if (e.key !== 'Escape' || !d || e.defaultPrevented || document.querySelector('dialog[open]')) return;
    if (!d.contains(e.target) && e.target !== document.body) return;
    e.preventDefault();
    close(false);
  });

  function keepInside(e, d) {
    const list = [...d.querySelectorAll(reachable)].filter((x) => x.offsetParent !== null && x.tabIndex >= 0);
    const [first, end] = [list[0], list.at(-1)];
    if (e.shiftKey && (e.target === first || e.target === heading(d))) {
      e.preventDefault();
      end?.focus();
    } else if (!e.shiftKey && e.target === end) {
      e.preventDefault();
      first?.focus();
    }
  }
  return { restore };
}
