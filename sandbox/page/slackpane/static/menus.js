// Menus: the overflow menus of messages and views, and the app's shortcuts.
import { float } from './place.js';

export function startMenus(slack) {
  const { root, page } = slack;
  let open = null; // id of the button whose menu is open

  const buttonOf = () => (open ? document.getElementById(open) : null);
  const menuOf = (button) => document.getElementById(button.getAttribute('aria-controls'));
  const items = (menu) => [...menu.querySelectorAll('[role="menuitem"]')];

  function show(button, at) {
    close();
    open = button.id;
    restore();
    items(menuOf(button)).at(at)?.focus({ preventScroll: true });
  }

  function close({ back = false } = {}) {
    const button = buttonOf();
    open = null;
    if (!button) return;
    const menu = menuOf(button);
    menu.hidden = true;
    menu.removeAttribute('style');
    delete menu.dataset.keep;
    button.setAttribute('aria-expanded', 'false');
    if (back) button.focus({ preventScroll: true });
  }

  async function runShortcut(callback) {
    const answer = await slack.post('shortcut', { callback });
    slack.tell(answer);
    if (answer.ok && answer.data.failed) page.toast(answer.data.failed);
  }

  root.addEventListener('click', (e) => {
    const button = e.target.closest('[aria-haspopup="menu"]');
    if (button) {
      if (button.id === open) close();
      else show(button, 0);
      return;
    }
    const item = e.target.closest('[role="menuitem"]');
    if (!item) return;
    close({ back: true });
    if (item.dataset.shortcut) runShortcut(item.dataset.shortcut);
    else slack.press(item);
  });
  root.addEventListener('keydown', (e) => {
    const button = e.target.closest('[aria-haspopup="menu"]');
    if (button && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) {
      e.preventDefault();
      show(button, e.key === 'ArrowDown' ? 0 : -1);
      return;
    }
    const menu = e.target.closest('[role="menu"]');
    if (menu) walk(e, items(menu));
  });

  function walk(e, list) {
    const at = list.indexOf(e.target.closest('[role="menuitem"]'));
    const to = { ArrowDown: (at + 1) % list.length, ArrowUp: at - 1, Home: 0, End: -1 }[e.key];
    if (to !== undefined) {
      e.preventDefault();
      list.at(to)?.focus();
    } else if (e.key === 'Escape') {
      e.preventDefault();
      close({ back: true });
    } else if (e.key === 'Tab') {
      close({ back: true });
    }
  }
  document.addEventListener('pointerdown', (e) => {
    const button = buttonOf();
    if (button && !button.contains(e.target) && !menuOf(button).contains(e.target)) close();
  });
  root.addEventListener('scroll', () => close(), { capture: true, passive: true });

  function restore() {
    const button = buttonOf();
    if (!button) {
      open = null;
      return;
    }
    const menu = menuOf(button);
    menu.dataset.keep = '';
    menu.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    float(menu, button);
  }
  return { restore };
}
