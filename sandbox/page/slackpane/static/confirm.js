// The question that Slack asks before a click is sent.

function button(words, classes) {
  const b = document.createElement('button');
  b.type = 'button';
  b.className = `sl-button ${classes}`;
  b.textContent = words;
  return b;
}

// ask shows a confirm object, as the attribute data-confirm holds it, and tells whether the person agreed.
export function ask(json) {
  const { title, html, confirm, deny, style } = JSON.parse(json);
  const dialog = document.createElement('dialog');
  dialog.className = 'sl-confirm';
  const head = document.createElement('h2');
  head.id = 'sl-confirm-title';
  head.textContent = title;
  dialog.setAttribute('aria-labelledby', head.id);
  const text = document.createElement('div');
  text.className = 'bk';
  text.innerHTML = html; // The server has escaped it.
  const foot = document.createElement('footer');
  const no = button(deny, '');
  const yes = button(confirm, style === 'danger' ? 'sl-danger' : 'sl-primary');
  foot.append(no, yes);
  dialog.append(head, text, foot);
  document.body.append(dialog);
  const before = document.activeElement;
  return new Promise((resolve) => {
    let agreed = false;
    no.addEventListener('click', () => dialog.close());
    yes.addEventListener('click', () => {
      agreed = true;
      dialog.close();
    });
    dialog.addEventListener('click', (e) => { if (e.target === dialog) dialog.close(); });
    text.addEventListener('click', (e) => { if (e.target.closest('a')) e.preventDefault(); });
    dialog.addEventListener('close', () => {
      dialog.remove();
      before?.focus({ preventScroll: true });
      resolve(agreed);
    });
    dialog.showModal();
    no.focus();
  });
}
