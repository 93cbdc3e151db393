// External selects: a combobox whose options the app looks up while somebody types (the pattern of the ARIA practices).
import { addressOf, float, placeOf } from './place.js';

// pause is how long typing rests before the app is asked, in milliseconds.
const pause = 150;

function add(parent, tag, attributes, words = '') {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  e.textContent = words;
  parent.append(e);
  return e;
}

export function startCombobox(slack) {
  const { root } = slack;
  let open = null; // {id, options, active, note} of the input whose list is open
  let timer = 0;
  let asking = false;
  let wanted = null; // what to ask when the question under way is answered
  const drawn = new WeakMap(); // input -> the words that were in it before the person typed

  const inputOf = () => (open ? document.getElementById(open.id) : null);
  const boxOf = (input) => input.closest('.bk-combobox');
  const listOf = (input) => document.getElementById(input.getAttribute('aria-controls'));

  function show(input, more) {
    if (open?.id !== input.id) {
      close();
      open = { id: input.id, options: null, active: -1, note: 'Loading…' };
    }
    Object.assign(open, more);
    draw();
  }

  function close() {
    const input = inputOf();
    open = null;
    clearTimeout(timer);
    if (!input) return;
    const list = listOf(input);
    list.hidden = true;
    list.replaceChildren();
    list.removeAttribute('style');
    delete list.dataset.keep;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  }

  // search asks the app, one question at a time: what it offers for the last one is what can be chosen.
  async function search(input, text) {
    const least = Number(boxOf(input).dataset.min);
    if ([...text].length < least) {
      show(input, { options: [], active: -1, note: `Type ${least === 1 ? 'a character' : `${least} characters or more`} to search` });
      return;
    }
    if (asking) {
      wanted = text;
      return;
    }
    asking = true;
    const box = boxOf(input);
    const { block, action } = addressOf(box);
    const place = placeOf(box);
    if (!open?.options) show(input, { note: 'Loading…' });
    const answer = await slack.post('options', { view: place.view ?? place.kind, block, action, text });
    asking = false;
    if (open?.id !== input.id) return;
    if (wanted !== null) {
      const next = wanted;
      wanted = null;
      search(inputOf() ?? input, next);
      return;
    }
    if (!answer.ok || answer.data.failed) show(input, { options: [], active: -1, note: answer.data.failed ?? answer.data.error });
    else show(input, { options: answer.data, active: answer.data.length && text ? 0 : -1, note: answer.data.length ? '' : 'No results' });
  }

  function draw() {
    const input = inputOf();
    if (!input) {
      open = null;
      return;
    }
    const list = listOf(input);
    list.dataset.keep = '';
    list.replaceChildren();
    let group = null;
    let parent = list;
    (open.options ?? []).forEach((o, i) => {
      if ((o.group ?? '') !== group) {
        group = o.group ?? '';
        parent = list;
        if (group) {
          parent = add(list, 'li', { role: 'group', 'aria-labelledby': `${list.id}~g${i}` });
          add(parent, 'div', { id: `${list.id}~g${i}`, class: 'bk-group-label', role: 'presentation' }, group);
          parent = add(parent, 'ul', { role: 'presentation', class: 'sl-group' });
        }
      }
      const line = add(parent, 'li', { role: 'option', id: `${list.id}~${i}`, 'data-index': i, 'aria-selected': String(i === open.active) });
      add(line, 'span', { class: 'bk-option-text', dir: 'auto' }, o.text);
      if (o.description) add(line, 'span', { class: 'bk-option-description', dir: 'auto' }, o.description);
    });
    if (open.note) add(list, 'li', { role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false', class: 'bk-nothing' }, open.note);
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    float(list, input, { wide: true });
    point(open.active);
  }

  // point moves the mark in the list; the focus stays in the input.
  function point(i) {
    const input = inputOf();
    const list = listOf(input);
    open.active = i;
    for (const line of list.querySelectorAll('[data-index]')) {
      const is = Number(line.dataset.index) === i;
      line.setAttribute('aria-selected', String(is));
      if (is) line.scrollIntoView({ block: 'nearest' });
    }
    if (i < 0) input.removeAttribute('aria-activedescendant');
    else input.setAttribute('aria-activedescendant', `${list.id}~${i}`);
  }

  function choose(input, option) {
    close();
    const box = boxOf(input);
    input.value = option.text;
    box.dataset.value = option.value;
    drawn.set(input, option.text);
    slack.inputs.send(box, option.value);
  }

  // leave puts back the words of what is chosen. An input that need not be filled is emptied by emptying it.
  function leave(input) {
    const box = boxOf(input);
    if (open?.id === input.id) close();
    const before = drawn.get(input) ?? input.defaultValue;
    if (input.value === '' && before !== '' && !box.dataset.required) {
      drawn.set(input, '');
      box.dataset.value = '';
      slack.inputs.send(box, null);
    } else {
      input.value = before;
    }
  }

  const target = (e) => e.target.closest?.('.bk-combobox input[role="combobox"]');
  root.addEventListener('focusin', (e) => {
    const input = target(e);
    if (!input) return;
    drawn.set(input, input.value);
    input.select();
  });
  root.addEventListener('focusout', (e) => { if (target(e) && target(e).isConnected) leave(target(e)); });
  root.addEventListener('input', (e) => {
    const input = target(e);
    if (!input) return;
    clearTimeout(timer);
    if (open?.id !== input.id) show(input, { note: 'Loading…' });
    timer = setTimeout(() => search(input, input.value.trim()), pause);
  });
  root.addEventListener('click', (e) => {
    const input = target(e);
    if (input && open?.id !== input.id) search(input, input.value === drawn.get(input) ? '' : input.value.trim());
  });
  // The list must not take the focus from the input, or choosing would leave it.
  root.addEventListener('mousedown', (e) => { if (e.target.closest('.bk-combobox [role="listbox"]')) e.preventDefault(); });
  root.addEventListener('click', (e) => {
    const line = e.target.closest('.bk-combobox [data-index]');
    if (line && open) choose(inputOf(), open.options[Number(line.dataset.index)]);
  });
  root.addEventListener('keydown', (e) => {
    const input = target(e);
    if (!input || e.isComposing) return;
    const shown = open?.id === input.id;
    const n = shown ? open.options?.length ?? 0 : 0;
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault();
      if (!shown) search(input, input.value === drawn.get(input) ? '' : input.value.trim());
      else if (n) point(e.key === 'ArrowDown' ? (open.active + 1) % n : (open.active + n - (open.active < 0 ? 0 : 1)) % n);
    } else if (e.key === 'Enter') {
      e.preventDefault();
      if (shown && open.active >= 0) choose(input, open.options[open.active]);
    } else if (e.key === 'Escape' && shown) {
      e.preventDefault();
      input.value = drawn.get(input) ?? input.defaultValue;
      close();
    }
  });
  root.addEventListener('scroll', (e) => {
    const input = inputOf();
    if (input && e.target !== listOf(input)) float(listOf(input), input, { wide: true });
  }, { capture: true, passive: true });

  function restore() {
    if (!open) return;
    const input = inputOf();
    if (!input) {
      open = null;
      return;
    }
    const list = listOf(input);
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    if (open.active >= 0) input.setAttribute('aria-activedescendant', `${list.id}~${open.active}`);
    float(list, input, { wide: true });
  }
  return { restore };
}
