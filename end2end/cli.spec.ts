// The CLI as people and scripts use it, against the real server.

import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

import { type Berth, expect, test } from './server';

const program = resolve(__dirname, '../target/release/berth');

function run(berth: Berth, args: string[], env: Record<string, string> = {}) {
  const done = spawnSync(program, args, { env: { ...berth.env, ...env }, encoding: 'utf8', timeout: 60_000 });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

test.beforeEach(async ({ berth }) => {
  await berth.cancelAll();
});

test('run sees its devices, follows the log, and ends with the code of the job', async ({ berth }) => {
  const done = run(berth, ['run', '-g', '2', '--', 'sh', '-c', 'echo $CUDA_VISIBLE_DEVICES; exit 3']);
  expect(done.out).toMatch(/^\d,\d\n$/);
  expect(done.code).toBe(3);
});

test('what is printed as JSON has the fields that scripts rely on', async ({ berth }) => {
  const { job } = JSON.parse(run(berth, ['submit', '--json', '-g', '4', '-t', '6h', '-J', 'train', '--', 'sleep', '300']).out);
  const list = JSON.parse(run(berth, ['queue', '--json']).out);
  expect(list).toHaveProperty('next', null);
  const row = list.jobs.find((row: { id: number }) => row.id === job.id);
  const fields = ['id', 'name', 'user', 'state', 'reason', 'gpus', 'nodes', 'submitted_at', 'started_at', 'finished_at', 'outcome', 'exit_code', 'lease'];
  for (const field of fields) expect(row).toHaveProperty(field);
  expect(row).toMatchObject({ name: 'train', gpus: 4, nodes: 1, outcome: null });
  expect(row.submitted_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  const nodes = JSON.parse(run(berth, ['nodes', '--json']).out);
  expect(nodes).toMatchObject({ simulated: true, totals: { gpus: 16 } });
  for (const field of ['name', 'address', 'state', 'source', 'gpus']) expect(nodes.nodes[0]).toHaveProperty(field);
  for (const field of ['index', 'uuid', 'model', 'job']) expect(nodes.nodes[0].gpus[0]).toHaveProperty(field);
  const detected = JSON.parse(run(berth, ['nodes', '--detect', '--json']).out);
  expect(detected).toMatchObject({ kind: 'simulated', confidence: 1 });
  for (const field of ['name', 'found', 'sentence', 'weight']) expect(detected.signals[0]).toHaveProperty(field);
});

test('the queue is changed from the shell', async ({ berth }) => {
  const id = (args: string[]) => String(JSON.parse(run(berth, ['submit', '--json', ...args]).out).job.id);
  const blocker = id(['-g', '16', '--', 'sleep', '300']);
  const [first, second] = [id(['-g', '16', '--', 'true']), id(['-g', '16', '--', 'true'])];
  expect(run(berth, ['hold', first]).code).toBe(0);
  expect(run(berth, ['why', first]).out).toContain('Held by its owner');
  expect(run(berth, ['release', first]).code).toBe(0);
  expect(run(berth, ['move', second, '--top']).code).toBe(0);
  expect(run(berth, ['why', first]).out).toContain(`job ${second}`);
  expect(run(berth, ['update', first, '-t', '2h']).code).toBe(0);
  expect(run(berth, ['show', first]).out).toMatch(/Time limit +2h/);
  expect(run(berth, ['cancel', blocker, first, second]).code).toBe(0);
});

test('a log is read whole and followed to its end', async ({ berth }) => {
  const id = await berth.submit('echo one; sleep 1; echo two');
  expect(run(berth, ['logs', '-f', String(id)]).out).toBe('one\ntwo\n');
  expect(run(berth, ['logs', String(id)]).out).toBe('one\ntwo\n');
});

test('refusals are sentences, and each kind has its exit code', async ({ berth }) => {
  const refused = run(berth, ['submit', '-g', '17', '--', 'true']);
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toContain('the cluster has 16');
  expect(run(berth, ['cancel', '999999']).err).toContain('no job 999999');
  expect(run(berth, ['submit']).code).toBe(2);
  const nobody = run(berth, ['queue'], { BERTH_URL: 'http://127.0.0.1:1' });
  expect(nobody.code).toBe(3);
  expect(nobody.err).toContain('No Berth server answers');
  const stranger = run(berth, ['queue'], { BERTH_TOKEN: 'berth_nonsense' });
  expect(stranger.code).toBe(1);
  expect(stranger.err).toContain('not known here');
});

test('completions are scripts', async ({ berth }) => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    expect(run(berth, ['completions', shell]).out).toContain('requeue');
  }
});
