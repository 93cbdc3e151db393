// The directory's pane: links lead to groups, buttons are what an administrator does by hand.
export function start(root, page) {
  async function ask(verb, body) {
    const { ok, data } = await page.post(`/directory/${verb}`, { Who: page.who, ...body });
    if (!ok) page.toast(data.error);
  }
  root.addEventListener('click', (e) => {
    const link = e.target.closest('a[data-group]');
    if (link) {
      e.preventDefault();
      page.go({ group: link.dataset.group || null, pane: 'directory' });
      return;
    }
    const d = e.target.closest('button')?.dataset;
    if (!d) return;
    if (d.add) ask('add', { Group: d.add, User: root.querySelector('#directory-add').value });
    else if (d.remove) ask('remove', { Group: d.of, User: d.remove });
    else if (d.deactivate) ask('deactivate', { Person: d.deactivate });
    else if (d.reactivate) ask('reactivate', { Person: d.reactivate });
  });
}
