// @okta/okta-sdk-nodejs judges the Okta of the sandbox: it is Okta's own client and has never heard of Usher.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import okta from '@okta/okta-sdk-nodejs';
import { all, Control, environment, until } from './sandbox.mjs';

const env = environment();
const control = new Control(env.control);

// Named in full, so that nothing is taken from ~/.okta or OKTA_CLIENT_*. The cache would answer in place of the sandbox.
const clientWith = (token) => new okta.Client({ orgUrl: env.oktaURL, token, authorizationMode: 'SSWS', cacheMiddleware: null });
const client = clientWith(env.oktaToken);

const GROUP = '00g1notion'; // maya is not in it
const BY_RULE = '00g1allengineers';

/** How many calls of one operation reached Okta with a query that holds all of parts. */
async function pages(name, ...parts) {
  const { okta: calls } = await control.calls();
  return (calls ?? []).filter((c) => c.Name === name && parts.every((p) => c.Query.includes(p))).length;
}

const ids = (list) => list.map((x) => x.id).sort();

describe('okta-sdk-nodejs', () => {
  let maya;
  before(async () => {
    maya = await control.whois('maya');
  });

  it('lists every user, page by page', async () => {
    const earlier = await pages('user.list', 'limit=7', 'after=');
    const paged = await all(await client.userApi.listUsers({ limit: 7 }));
    const whole = await all(await client.userApi.listUsers({ limit: 200 }));
    assert.deepEqual(ids(paged), ids(whole));
    assert.equal(new Set(ids(paged)).size, paged.length, 'somebody is on two pages');
    assert.ok(paged.length > 30, `${paged.length} users`);
    const turned = (await pages('user.list', 'limit=7', 'after=')) - earlier;
    assert.equal(turned, Math.ceil(paged.length / 7) - 1, 'pages after the first');
    const found = paged.find((u) => u.id === maya.Okta);
    assert.equal(found.profile.email, maya.Email);
    assert.ok(found.created instanceof Date && found.lastLogin instanceof Date);
  });

  it('finds people by search and filter', async () => {
    const byLogin = await all(await client.userApi.listUsers({ search: `profile.login eq "${maya.Email}"` }));
    assert.deepEqual(ids(byLogin), [maya.Okta]);
    const active = await all(await client.userApi.listUsers({ filter: 'status eq "ACTIVE"', limit: 200 }));
    assert.ok(ids(active).includes(maya.Okta));
    assert.ok(active.every((u) => u.status === 'ACTIVE'));
  });

  it('lists every group, page by page', async () => {
    const earlier = await pages('group.list', 'limit=5', 'after=');
    const groups = await all(await client.groupApi.listGroups({ limit: 5 }));
    const turned = (await pages('group.list', 'limit=5', 'after=')) - earlier;
    assert.equal(turned, Math.ceil(groups.length / 5) - 1, 'pages after the first');
    const truth = Object.keys((await control.truth()).groups);
    for (const id of truth) assert.ok(ids(groups).includes(id), `${id} is not listed`);
    assert.equal(groups.find((g) => g.id === GROUP).profile.name, 'notion-member');
    assert.equal(groups.find((g) => g.id === '00g1adimport').type, 'APP_GROUP');
  });

  it('gets one user by id and by login, and refuses an unknown one as Okta does', async () => {
    const byId = await client.userApi.getUser({ userId: maya.Okta });
    const byLogin = await client.userApi.getUser({ userId: maya.Email });
    assert.equal(byId.id, byLogin.id);
    assert.equal(byId.profile.displayName, maya.Name);
    assert.equal(byId.status, 'ACTIVE');
    await assert.rejects(client.userApi.getUser({ userId: '00unobody00000000000' }), {
      name: 'OktaApiError', status: 404, errorCode: 'E0000007',
    });
  });

  it('assigns a user twice, reads it back, and unassigns twice', async () => {
    const at = { groupId: GROUP, userId: maya.Okta };
    const truly = async () => (await control.truth()).groups[GROUP].includes(maya.Okta);
    assert.equal(await truly(), false, 'maya is in the group before the test');

    await client.groupApi.assignUserToGroup(at);
    await client.groupApi.assignUserToGroup(at);
    assert.equal(await truly(), true);
    const readBack = async () => ids(await all(await client.groupApi.listGroupUsers({ groupId: GROUP, limit: 2 })));
    await until('maya among the members', async () => (await readBack()).includes(maya.Okta));
    assert.deepEqual(await readBack(), [...(await control.truth()).groups[GROUP]].sort());
    await until('the group among those of maya', async () =>
      ids(await all(await client.userApi.listUserGroups({ userId: maya.Okta }))).includes(GROUP));

    await client.groupApi.unassignUserFromGroup(at);
    await client.groupApi.unassignUserFromGroup(at);
    assert.equal(await truly(), false);
    await until('maya no longer among the members', async () => !(await readBack()).includes(maya.Okta));
  });

  it('pages the members of a group', async () => {
    const earlier = await pages('group.members', 'limit=2', 'after=');
    const members = await all(await client.groupApi.listGroupUsers({ groupId: '00g1githubread', limit: 2 }));
    assert.deepEqual(ids(members), [...(await control.truth()).groups['00g1githubread']].sort());
    assert.ok((await pages('group.members', 'limit=2', 'after=')) > earlier, 'it fitted on one page');
  });

  it('waits for the reset that a rate limit names', async () => {
    await control.failOnce('okta', 'group.get', 'rate_limit', '1s');
    const earlier = await pages('group.get');
    const group = await client.groupApi.getGroup({ groupId: GROUP });
    assert.equal(group.id, GROUP);
    assert.equal((await pages('group.get')) - earlier, 2, 'calls');
  });

  it('is refused what Okta refuses', async () => {
    const imported = client.groupApi.assignUserToGroup({ groupId: '00g1adimport', userId: maya.Okta });
    await assert.rejects(imported, { name: 'OktaApiError', status: 403, errorCode: 'E0000006' });
    await assert.rejects(clientWith('not-a-token').userApi.getUser({ userId: maya.Okta }), {
      name: 'OktaApiError', status: 401, errorCode: 'E0000011',
    });
  });

  it('reads group rules', async () => {
    const rules = await all(await client.groupApi.listGroupRules({}));
    const rule = rules.find((r) => r.actions.assignUserToGroups.groupIds.includes(BY_RULE));
    assert.equal(rule.conditions.expression.value, 'user.department == "Engineering"');
    assert.equal(rule.status, 'ACTIVE');
  });

  it('finds the assignment and the removal in the system log', async () => {
    for (const eventType of ['group.user_membership.add', 'group.user_membership.remove']) {
      const events = await until(eventType, async () => {
        const found = await all(await client.systemLogApi.listLogEvents({
          filter: `eventType eq "${eventType}" and target.id eq "${maya.Okta}"`,
          since: new Date(Date.now() - 3_600_000).toISOString(), until: new Date(Date.now() + 86_400_000).toISOString(),
          sortOrder: 'DESCENDING', limit: 50,
        }));
        return found.length > 0 && found;
      });
      const [event] = events;
      assert.equal(event.eventType, eventType);
      assert.equal(event.outcome.result, 'SUCCESS');
      assert.ok(event.published instanceof Date);
      assert.deepEqual(event.target.map((t) => t.id).sort(), [GROUP, maya.Okta].sort());
    }
  });

  it('reads who used an application, page by page', async () => {
    const days = (n) => new Date(Date.now() + n * 86_400_000).toISOString();
    const filter = 'eventType eq "user.authentication.sso" and target.id eq "0oa1github"';
    const events = await all(await client.systemLogApi.listLogEvents({ filter, since: days(-89), until: days(1), limit: 2 }));
    assert.ok(events.length > 2, `${events.length} events`);
    assert.equal(new Set(events.map((e) => e.uuid)).size, events.length, 'an event is on two pages');
    assert.ok(events.every((e) => e.target.some((t) => t.id === '0oa1github')));
    const ago = client.systemLogApi.listLogEvents({ filter, since: '2000-01-01T00:00:00Z' }).then(all);
    await assert.rejects(ago, { name: 'OktaApiError', status: 400, errorCode: 'E0000001' });
  });
});
