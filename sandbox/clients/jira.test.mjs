// jira.js judges the Jira of the sandbox: it checks every reply against its schemas, and here it throws at the first misfit.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createCloudClient, isAuthError, isNotFoundError, isRateLimitError } from 'jira.js';
import { Control, environment, unique, until } from './sandbox.mjs';

const env = environment();
const control = new Control(env.control);

function clientWith(apiToken) {
  return createCloudClient({
    host: env.jiraURL, auth: { type: 'basic', email: env.jiraEmail, apiToken }, onSchemaMismatch: 'throw',
  });
}

const jira = clientWith(env.jiraToken);

/** All words of an Atlassian document. */
function words(node) {
  return (node?.text ?? '') + (node?.content ?? []).map(words).join('');
}

const document = (text) => ({
  type: 'doc', version: 1, content: [{ type: 'paragraph', content: [{ type: 'text', text }] }],
});

describe('jira.js with onSchemaMismatch throw', () => {
  const label = unique('acc');
  let key;
  let id;
  let maya;
  const truth = async () => (await control.truth()).issues.find((i) => i.Key === key);

  before(async () => {
    maya = await control.whois('maya');
  });

  it('learns who it is and what the site has', async () => {
    const me = await jira.myself.getCurrentUser();
    assert.equal(me.emailAddress ?? env.jiraEmail, env.jiraEmail);
    assert.equal(me.active, true);
    await jira.serverInfo.getServerInfo();
    const project = await jira.projects.getProject({ projectIdOrKey: 'ACCESS' });
    assert.equal(project.key, 'ACCESS');
    assert.ok((await jira.projects.searchProjects()).values.some((p) => p.key === 'ACCESS'));
    const fields = await jira.issueFields.getFields();
    assert.equal(fields.find((f) => f.name === 'Application').id, 'customfield_10101');
    const types = await jira.projects.getAllStatuses({ projectIdOrKey: 'ACCESS' });
    assert.ok(types[0].statuses.some((s) => s.name === 'Waiting for approval'));
    const allowed = await jira.permissions.getMyPermissions({ projectKey: 'ACCESS', permissions: 'CREATE_ISSUES' });
    assert.equal(allowed.permissions.CREATE_ISSUES.havePermission, true);
  });

  it('finds a person by address', async () => {
    const found = await jira.userSearch.findUsers({ query: maya.Email });
    assert.deepEqual(found.map((u) => u.accountId), [maya.Account]);
    assert.equal((await jira.users.getUser({ accountId: maya.Account })).displayName, maya.Name);
    assert.deepEqual(await jira.userSearch.findUsers({ query: 'nobody@nowhere.example' }), []);
  });

  it('reads what the create screen takes', async () => {
    const types = await jira.issues.getCreateIssueMetaIssueTypes({ projectIdOrKey: 'ACCESS' });
    const type = (types.issueTypes ?? types.createMetaIssueType).find((t) => t.name === 'Access request');
    const screen = await jira.issues.getCreateIssueMetaIssueTypeId({ projectIdOrKey: 'ACCESS', issueTypeId: type.id });
    assert.ok((screen.fields ?? screen.results).some((f) => f.fieldId === 'labels'));
  });

  it('creates an issue in ACCESS', async () => {
    const created = await jira.issues.createIssue({
      fields: {
        project: { key: 'ACCESS' }, issuetype: { name: 'Access request' }, summary: 'Maya asks for GitHub',
        description: document('Needs to review code.'), labels: [label], customfield_10101: 'GitHub',
        customfield_10103: { value: 'High' }, customfield_10105: { accountId: maya.Account },
      },
      properties: [{ key: 'usher.request', value: { id: label, step: 1 } }],
    });
    ({ key, id } = created);
    assert.match(key, /^ACCESS-\d+$/);
    const held = await truth();
    assert.equal(held.Summary, 'Maya asks for GitHub');
    assert.deepEqual(held.Labels, [label]);
  });

  it('reads the issue', async () => {
    const issue = await jira.issues.getIssue({
      issueIdOrKey: key, expand: ['renderedFields', 'names', 'changelog'], properties: ['usher.request'],
    });
    assert.equal(issue.id, id);
    assert.equal(issue.fields.status.name, 'Waiting for approval');
    assert.equal(issue.fields.customfield_10103.value, 'High');
    assert.equal(issue.fields.customfield_10105.accountId, maya.Account);
    assert.equal(words(issue.fields.description), 'Needs to review code.');
    assert.deepEqual(issue.properties['usher.request'], { id: label, step: 1 });
  });

  it('edits and assigns it, with a document and not with markup', async () => {
    await jira.issues.editIssue({ issueIdOrKey: key, fields: { description: document('Reviews code from today.') } });
    const issue = await jira.issues.getIssue({ issueIdOrKey: key, fields: ['description'] });
    assert.equal(words(issue.fields.description), 'Reviews code from today.');
    assert.equal((await truth()).Description, 'Reviews code from today.');
    await assert.rejects(
      jira.issues.editIssue({ issueIdOrKey: key, fields: { description: 'h1. Markup' } }),
      (e) => e.status === 400 && 'description' in e.body.errors,
    );
    await jira.issues.assignIssue({ issueIdOrKey: key, accountId: maya.Account });
    assert.equal((await truth()).Assignee, maya.Account);
  });

  it('creates with wiki markup, which goes through the older API, and reads a document', async () => {
    const made = await jira.issues.createIssue({
      fields: {
        project: { key: 'ACCESS' }, issuetype: { name: 'Task' }, summary: 'In markup', description: 'Needs to *review* code.',
      },
    });
    const issue = await jira.issues.getIssue({ issueIdOrKey: made.key, fields: ['description'] });
    assert.equal(words(issue.fields.description), 'Needs to review code.');
    const { issues } = await control.truth();
    assert.equal(issues.find((i) => i.Key === made.key).Description, 'Needs to *review* code.');
  });

  it('lists transitions and does one', async () => {
    const { transitions } = await jira.issues.getTransitions({ issueIdOrKey: key, expand: 'transitions.fields' });
    const approve = transitions.find((t) => t.to.name === 'Approved');
    assert.equal(approve.to.statusCategory.key, 'indeterminate');
    await jira.issues.doTransition({ issueIdOrKey: key, transition: { id: approve.id } });
    assert.equal((await truth()).Status, 'Approved');
    const issue = await jira.issues.getIssue({ issueIdOrKey: key, fields: ['status'] });
    assert.equal(issue.fields.status.name, 'Approved');
  });

  it('searches by label, by GET and by POST', async () => {
    const query = { jql: `project = ACCESS AND labels = "${label}"`, fields: ['summary', 'labels', 'status'] };
    for (const search of ['searchAndReconsileIssuesUsingJql', 'searchAndReconsileIssuesUsingJqlPost']) {
      const page = await until(`the issue in ${search}`, async () => {
        const found = await jira.issueSearch[search](query);
        return found.issues.length > 0 && found;
      });
      assert.deepEqual(page.issues.map((i) => i.key), [key]);
      assert.deepEqual(page.issues[0].fields.labels, [label]);
      assert.equal(page.isLast, true);
    }
    assert.equal((await jira.issueSearch.countIssues({ jql: query.jql })).count, 1);
    const several = await jira.issues.bulkFetchIssues({ issueIdsOrKeys: [key, 'ACCESS-99999999'], fields: ['summary'] });
    assert.deepEqual(several.issues.map((i) => i.key), [key]);
  });

  it('comments, as a document and as markup, and lists the comments', async () => {
    await jira.issueComments.addComment({
      issueIdOrKey: key, body: document('Approved by Tomas.'),
      properties: [{ key: 'usher.comment', value: { id: label } }],
    });
    const second = await jira.issueComments.addComment({ issueIdOrKey: key, body: 'Group *changed*.' });
    await jira.issueComments.updateComment({ issueIdOrKey: key, id: second.id, body: { body: document('Group changed and read back.') } });
    const list = await jira.issueComments.getComments({ issueIdOrKey: key, orderBy: 'created', expand: 'renderedBody' });
    assert.equal(list.total, 2);
    assert.deepEqual(list.comments.map((c) => words(c.body)), ['Approved by Tomas.', 'Group changed and read back.']);
    const mark = await jira.issueCommentProperties.getCommentProperty({ commentId: list.comments[0].id, propertyKey: 'usher.comment' });
    assert.deepEqual(mark.value, { id: label });
    assert.equal((await truth()).Comments.length, 2);
  });

  it('sets and gets an entity property', async () => {
    const at = { issueIdOrKey: key, propertyKey: 'usher.request' };
    await jira.issueProperties.setIssueProperty({ ...at, body: { id: label, step: 2 } });
    await jira.issueProperties.setIssueProperty({ ...at, propertyKey: 'usher.new', body: { fresh: true } });
    assert.deepEqual((await jira.issueProperties.getIssueProperty(at)).value, { id: label, step: 2 });
    const keys = (await jira.issueProperties.getIssuePropertyKeys({ issueIdOrKey: key })).keys.map((k) => k.key);
    assert.deepEqual(keys.sort(), ['usher.new', 'usher.request']);
    await jira.issueProperties.deleteIssueProperty({ ...at, propertyKey: 'usher.new' });
    assert.deepEqual(Object.keys((await truth()).Properties), ['usher.request']);
  });

  it('links out of Jira and to another issue, and watches', async () => {
    const link = { url: 'https://example.com/request', title: 'The request in Slack' };
    const first = await jira.issueRemoteLinks.createOrUpdateRemoteIssueLink({ issueIdOrKey: key, globalId: label, object: link });
    const again = await jira.issueRemoteLinks.createOrUpdateRemoteIssueLink({ issueIdOrKey: key, globalId: label, object: link });
    assert.equal(first.id, again.id);
    await jira.issueRemoteLinks.getRemoteIssueLinks({ issueIdOrKey: key });
    assert.equal((await truth()).RemoteLinks.length, 1);

    const other = await jira.issues.createIssue({
      fields: { project: { key: 'ACCESS' }, issuetype: { name: 'Task' }, summary: 'Review' },
    });
    await jira.issueLinks.linkIssues({ type: { name: 'Relates' }, inwardIssue: { key }, outwardIssue: { key: other.key } });
    const { fields } = await jira.issues.getIssue({ issueIdOrKey: key, fields: ['issuelinks'] });
    assert.equal((fields.issuelinks[0].outwardIssue ?? fields.issuelinks[0].inwardIssue).key, other.key);
    assert.equal((await truth()).Links[0].Key, other.key);

    const { watchers } = await jira.issueWatchers.getIssueWatchers({ issueIdOrKey: key });
    assert.ok(Array.isArray(watchers));
  });

  it('reads the changelog', async () => {
    const log = await jira.issues.getChangeLogs({ issueIdOrKey: key, maxResults: 100 });
    const items = log.values.flatMap((v) => v.items.map((i) => ({ ...i, author: v.author.accountId })));
    const status = items.find((i) => i.field === 'status');
    assert.equal(status.fromString, 'Waiting for approval');
    assert.equal(status.toString, 'Approved');
    assert.equal(status.author, (await jira.myself.getCurrentUser()).accountId);
    const bulk = await jira.issues.getBulkChangelogs({ issueIdsOrKeys: [key], fieldIds: ['status'] });
    assert.equal(bulk.issueChangeLogs[0].issueId, id);
  });

  it('understands a rate limit', async () => {
    await control.failOnce('jira', 'project.get', 'rate_limit', '2s');
    const get = () => jira.projects.getProject({ projectIdOrKey: 'ACCESS' });
    await assert.rejects(get(), (e) => isRateLimitError(e) && e.retryAfterMs === 2000);
    assert.equal((await get()).key, 'ACCESS');
  });

  it('is refused what Jira refuses', async () => {
    await assert.rejects(jira.issues.getIssue({ issueIdOrKey: 'ACCESS-99999999' }), isNotFoundError);
    await assert.rejects(clientWith('wrong').myself.getCurrentUser(), isAuthError);
    await assert.rejects(
      jira.issues.createIssue({ fields: { project: { key: 'ACCESS' }, issuetype: { name: 'Task' }, summary: 'x', labels: ['a b'] } }),
      (e) => e.status === 400 && 'labels' in (e.body.errors ?? {}),
    );
  });
});
