// What is chosen or typed goes to Slack at once, so that the app hears of it and a submission holds it.
import { addressOf, find, keyOf, placeOf } from './place.js';
import { ask } from './confirm.js';

// pause is how long typing rests before a text is sent, in milliseconds.
const pause = 250;
const texts = new Set(['plain_text_input', 'number_input', 'email_text_input', 'url_text_input']);
const others = new Set(['button', 'overflow', 'overflow-option', 'external_select']);

function valueOf(element) {
  const { kind } = element.dataset;
  if (element.matches('fieldset')) {
    const chosen = [...element.querySelectorAll('input:checked')].map((i) => i.value);
    return kind === 'radio_buttons' ? chosen[0] ?? null : chosen;
  }
  if (element.value === '') return null;
  return kind === 'datetimepicker' ? String(new Date(element.value).getTime() / 1000) : element.value;
}

// snapshot is what the person sees in an input, to be put back.
function snapshot(element) {
  if (!element.matches('fieldset')) return element.value;
  return [...element.querySelectorAll('input')].filter((i) => i.checked).map((i) => i.value);
}

function putBack(element, seen) {
  if (!element.matches('fieldset')) {
    if (element.value !== seen) element.value = seen;
    return;
  }
  for (const i of element.querySelectorAll('input')) i.checked = seen.includes(i.value);
}

// asDrawn puts back what the server drew, after the person thought better of it.
function asDrawn(element) {
  for (const i of element.querySelectorAll('input')) i.checked = i.defaultChecked;
  for (const o of element.querySelectorAll('option')) o.selected = o.defaultSelected;
  if (element.matches('input, textarea')) element.value = element.defaultValue;
}

export function startInputs(slack) {
  const { root } = slack;
  const unsent = new Map(); // key -> what the person entered, until Slack has it
  let line = Promise.resolve(); // one after the other, in the order of the person's doing

  // send gives Slack a value, after those before it.
  function send(element, value, keep) {
    const at = addressOf(element);
    const body = { who: slack.who, place: placeOf(element), block: at.block, action: at.action, value };
    line = line.then(async () => {
      if (!find(at)) { // The view was left meanwhile.
        keep?.();
        return;
      }
      const answer = await slack.post('set', body);
      keep?.();
      slack.tell(answer);
      slack.fault?.(at, answer);
    });
    return line;
  }

  function later(element, wait) {
    const at = addressOf(element);
    const key = keyOf(at);
    clearTimeout(unsent.get(key)?.timer);
    const entry = { at, seen: snapshot(element) };
    unsent.set(key, entry);
    entry.go = () => {
      clearTimeout(entry.timer);
      entry.go = null;
      const now = find(at);
      if (!now) {
        unsent.delete(key);
        return;
      }
      putBack(now, entry.seen);
      send(now, valueOf(now), () => { if (unsent.get(key) === entry) unsent.delete(key); });
    };
    if (wait !== null) entry.timer = setTimeout(() => entry.go?.(), wait);
  }

  const target = (e) => {
    const element = e.target.closest('[data-kind]');
    return element && !others.has(element.dataset.kind) ? element : null;
  };

  root.addEventListener('input', (e) => {
    const element = target(e);
    if (!element || !texts.has(element.dataset.kind)) return;
    const on = element.dataset.dispatchOn;
    later(element, on && !on.includes('on_character_entered') ? null : pause);
  });
  root.addEventListener('change', async (e) => {
    const element = target(e);
    if (!element) return;
    const most = Number(element.dataset.max);
    if (most && element.querySelectorAll('input:checked').length > most) {
      e.target.checked = false;
      slack.page.toast(`At most ${most} can be chosen.`);
      return;
    }
    if (element.dataset.confirm && !(await ask(element.dataset.confirm))) {
      asDrawn(element);
      return;
    }
    const text = texts.has(element.dataset.kind); // All that is typed is on its way already.
    if (!text) later(element, null);
    else if (element.dataset.dispatchOn === 'on_enter_pressed') return;
    unsent.get(keyOf(addressOf(element)))?.go?.();
  });
  root.addEventListener('keydown', (e) => {
    const element = target(e);
    if (e.key === 'Enter' && !e.isComposing && element?.dataset.dispatchOn?.includes('on_enter_pressed') && element.matches('input')) flush();
  });

  // flush sends what has not been sent, and returns when Slack has everything.
  function flush() {
    for (const entry of [...unsent.values()]) entry.go?.();
    return line;
  }

  // restore keeps what the person entered until the server draws it.
  function restore() {
    for (const { at, seen } of unsent.values()) {
      const element = find(at);
      if (element && !element.contains(document.activeElement)) putBack(element, seen);
    }
  }
  return { send, flush, restore };
}
