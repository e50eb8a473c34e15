// The names of the default packages' integration tests, a line each, without those that are named.
//   cargo metadata --no-deps --format-version 1 | node scripts/test-targets.mjs [NAME…]

import { text } from 'node:stream/consumers';

const left = new Set(process.argv.slice(2));
const { packages, workspace_default_members: members } = JSON.parse(await text(process.stdin));
const targets = packages.filter(({ id }) => members.includes(id)).flatMap(({ targets }) => targets);
const names = new Set(targets.filter(({ kind }) => kind.includes('test')).map(({ name }) => name));
for (const name of names) if (!left.has(name)) console.log(name);
