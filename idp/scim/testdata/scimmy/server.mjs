// A SCIM server made of SCIMMY (which parses, validates, filters, patches and answers) over two maps. It prints its port and
// lives until its standard input ends.
import {randomUUID} from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const users = new Map();
const groups = new Map();

// store keeps what a handler is given, and find answers what it is asked for.
const store = (map) => (resource, data) => {
    const id = resource.id ?? randomUUID();
    if (resource.id && !map.has(id)) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
    const now = new Date().toISOString();
    const meta = {created: map.get(id)?.meta.created ?? now, lastModified: now};
    map.set(id, {...JSON.parse(JSON.stringify(data)), id, meta});
    return map.get(id);
};
const find = (map, show) => (resource) => {
    if (resource.id) {
        if (!map.has(resource.id)) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
        return show(map.get(resource.id));
    }
    const all = [...map.values()].map(show);
    return resource.filter ? resource.filter.match(all) : all;
};
const drop = (map) => (resource) => {
    if (!map.delete(resource.id)) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
};

const withGroups = (user) => ({
    ...user,
    groups: [...groups.values()].filter(g => (g.members ?? []).some(m => m.value === user.id)).map(g => ({value: g.id, display: g.displayName, type: "direct"})),
});
const memberMustExist = (resource, data) => {
    for (const m of data.members ?? []) {
        if (!users.has(m.value)) throw new SCIMMY.Types.Error(400, "invalidValue", `No user ${m.value}`);
    }
    return store(groups)(resource, data);
};

SCIMMY.Resources.declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false))
    .ingress(store(users)).egress(find(users, withGroups)).degress(drop(users));
SCIMMY.Resources.declare(SCIMMY.Resources.Group)
    .ingress(memberMustExist).egress(find(groups, g => g)).degress(drop(groups));

const app = express();
app.use("/scim/v2", new SCIMMYRouters({
    type: "bearer",
    handler: (request) => {
        if (request.header("Authorization") !== `Bearer ${process.env.SCIM_TOKEN}`) throw new Error("wrong token");
        return "usher";
    },
}));
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume().on("end", () => process.exit(0));
