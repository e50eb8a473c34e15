// Pictures of every page, in end2end/shots: light, dark and on a phone; empty, full, refused, and
// with the server away. They are looked at by people. `make screenshots` makes them, and renews the
// README's picture.

import type { Page } from '@playwright/test';
import { join } from 'node:path';

import { Model } from './model';
import { Berth, expect, hydrated, test } from './server';

const shots = join(__dirname, 'shots');

const looks = {
  light: { width: 1440, height: 900, scheme: 'light' },
  dark: { width: 1440, height: 900, scheme: 'dark' },
  phone: { width: 390, height: 844, scheme: 'light' },
  'phone-dark': { width: 390, height: 844, scheme: 'dark' },
  wide: { width: 1920, height: 1080, scheme: 'light' },
} as const;
type Look = keyof typeof looks;

async function dress(page: Page, look: Look): Promise<void> {
  const { width, height, scheme } = looks[look];
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
}

/**
 * What stays in place on a screen stands at the end of a picture of everything, and what is drawn only
 * when it comes into view is drawn: a picture is taken without a look.
 */
const style =
  '.frame { position: relative } .composer { position: static !important } .log-line, .tl-node, .node { content-visibility: visible !important } ' +
  '@media (max-width: 700px) { .rail { position: absolute } }';

/** A picture of all of the page, from top to bottom. */
async function take(page: Page, name: string, look: Look): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(shots, `${name}-${look}.png`), fullPage: true, style });
}

/** Loads a page once for each look. */
async function shoot(page: Page, name: string, url: string, prepare?: () => Promise<void>, more: Look[] = []): Promise<void> {
  for (const look of ['light', 'dark', 'phone', ...more] as Look[]) {
    await dress(page, look);
    await page.goto(url);
    await hydrated(page);
    await prepare?.();
    await take(page, name, look);
  }
}

/** A page as it is, in each look. */
async function shootAsItIs(page: Page, name: string): Promise<void> {
  for (const look of ['light', 'dark', 'phone'] as Look[]) {
    await dress(page, look);
    await take(page, name, look);
  }
}

const train = (steps: number, every: string) =>
  `echo "loading checkpoint"; i=0; while [ $i -lt ${steps} ]; do i=$((i+1)); ` +
  `printf 'step %5d  loss %d.%03d  lr 3.0e-04  tok/s %d\\n' $i $((3 - i * 2 / ${steps})) $((i * 377 % 1000)) $((41000 + i * 37 % 900)); ` +
  `sleep ${every}; done`;

test.describe('pictures', () => {
  // The pages' own policy lets in no style but theirs.
  test.use({ bypassCSP: true });

  let berth: Berth;
  let model: Model;
  const at = (path: string) => `${berth.url}${path}`;

  test.beforeAll(async () => {
    model = await Model.start();
    berth = await Berth.start({ env: { BERTH_RETRY_BASE_S: '0.05', ...model.env } });
  });

  test.afterAll(async () => {
    await berth?.stop();
    model?.stop();
  });

  test.beforeEach(async ({ page }) => {
    test.setTimeout(300_000);
    await berth.logIn(page);
  });

  test('of a cluster that is not used yet', async ({ page }) => {
    for (const name of ['jobs', 'queue', 'timeline', 'history', 'agent', 'alerts', 'submit', 'admin']) {
      await shoot(page, `${name}-empty`, at(`/${name}`));
    }
    await shoot(page, 'ask-empty', at('/agent/ask'), undefined, ['phone-dark']);
    await shoot(page, 'campaigns-empty', at('/agent/campaigns'), undefined, ['phone-dark']);
    await shoot(page, 'timeline-week-empty', at('/timeline?view=week'));
    await shoot(page, 'dashboard-empty', at('/'));
  });

  test('of a busy cluster', async ({ page, browser }) => {
    const people = Object.fromEntries(['ana', 'bo', 'kim', 'wei.zhang'].map((name) => [name, berth.addUser(name)]));
    await berth.submit(train(2000, '0.3'), { gpus: 8, name: 'llama-8b-sft', time_limit: '12h', project: 'align' }, people.ana);
    const watched = await berth.submit(train(4000, '0.1'), { gpus: 4, name: 'reward-model', time_limit: '6h' }, people.kim);
    const finished = await berth.submit(train(60, '0.1'), { gpus: 2, name: 'eval-mmlu', time_limit: '90m' }, people.bo);
    await berth.submit('sleep 400', { gpus: 1, name: 'notebook', time_limit: '8h' }, people['wei.zhang']);
    const failed = await berth.submit('echo "Traceback (most recent call last):"; echo "  File \\"train.py\\", line 88, in <module>"; echo "RuntimeError: shape mismatch"; exit 1', { name: 'smoke-test' }, people.bo);
    for (let n = 0; n < 3; n += 1) await berth.submit('true', { name: `sweep-lr-${n}` }, people.kim);
    const long = 'x'.repeat(40) + ' a name that somebody generated with every hyperparameter in it, lr=3e-4, wd=0.1, bs=512';
    await berth.submit('true', { gpus: 1, name: long.slice(0, 120), hold: true });
    for (const id of [finished, failed]) {
      await expect.poll(async () => (await berth.api(`get_job?id=${id}`)).job.state).toBe('Finished');
    }
    await berth.submit('test $BERTH_ATTEMPT -ge 4 || exit 1; sleep 300', { name: 'flaky', max_retries: 9 }, people.kim);
    await expect.poll(async () => (await berth.api('alerts')).alerts.length).toBe(1);
    await berth.submit(train(500, '1'), { gpus: 2, name: 'distill', time_limit: '90m' }, people.bo);
    const gang = await berth.submit(train(10, '1'), { gpus: 16, name: 'pretrain-32b', time_limit: '2d', class: 'high' }, people['wei.zhang']);
    const folds = await berth.submit('test $BERTH_ARRAY_TASK_ID -ne 3', { gpus: 1, name: 'cross-validate', array: '0-11' }, people.bo);
    const ablation = await berth.submit('true', { gpus: 2, name: 'ablation-7', time_limit: '3h' }, people.ana);
    await berth.submit('true', { gpus: 1, name: 'tokenize', class: 'low', after: [String(watched)] }, people.bo);
    await berth.submit('true', { gpus: 4, name: 'nightly', begin: '2030-01-01T00:00:00Z' }, people.kim);
    await berth.api('create_reservation', { reservation: { gpus: 8, start: new Date(Date.now() + 5 * 3_600_000).toISOString(), length: '3h', note: 'demo', project: 'align' } });
    // The simulated hardware warms up over some samples.
    await expect.poll(async () => (await berth.api('cluster')).totals.busy_pct).toBeGreaterThan(30);

    await shoot(page, 'dashboard', at('/'), undefined, ['phone-dark', 'wide']);
    await dress(page, 'light');
    await page.goto(at('/'));
    await hydrated(page);
    await page.screenshot({ path: join(__dirname, '../docs/dashboard.png') });
    await shoot(page, 'jobs', at('/jobs?user=all'), undefined, ['phone-dark', 'wide']);
    await shoot(page, 'jobs-none', at('/jobs?user=all&text=nothing'));
    await shoot(page, 'array', at(`/jobs?user=all&array=${folds}`));
    await shoot(page, 'job-running', at(`/jobs/${watched}`), undefined, ['phone-dark', 'wide']);
    await shoot(page, 'job-running-search', at(`/jobs/${watched}`), async () => {
      await page.getByText('Change', { exact: true }).click();
      await page.getByLabel('Search the log').fill('step    1');
      await expect(page.locator('.log-here')).toBeVisible();
    });
    await shoot(page, 'job-finished', at(`/jobs/${finished}`));
    await shoot(page, 'job-failed', at(`/jobs/${failed}`));
    await shoot(page, 'job-waiting', at(`/jobs/${gang}`));
    await shoot(page, 'cancel-dialog', at(`/jobs/${gang}`), async () => {
      await page.getByRole('button', { name: `Cancel job ${gang}` }).click();
    });
    await shoot(page, 'queue', at('/queue'), undefined, ['phone-dark', 'wide']);
    await shoot(page, 'queue-why', at('/queue'), async () => {
      await page.getByRole('button', { name: `Why job ${gang} waits` }).click();
    });
    const dragged = async (job: number, key: string, told: RegExp) => {
      await page.getByRole('button', { name: `Move job ${job}` }).focus();
      await page.keyboard.press('Space');
      for (let n = 0; n < 3; n += 1) await page.keyboard.press(key);
      await expect(page.locator('.queue-toll-told')).toContainText(told);
    };
    await shoot(page, 'queue-drag', at('/queue'), () => dragged(ablation, 'ArrowUp', /start/));
    await shoot(page, 'queue-forbidden', at('/queue'), () => dragged(gang, 'ArrowDown', /within its class/));
    await shoot(page, 'palette', at('/queue'), async () => {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').fill('re');
      await expect(page.getByRole('option').first()).toBeVisible();
    });
    await shoot(page, 'timeline', at('/timeline'), undefined, ['phone-dark', 'wide']);
    await shoot(page, 'timeline-lanes', at('/timeline?zoom=hour&open=none'));
    const before = new Date(Date.now() - 2000).toISOString();
    await shoot(page, 'timeline-then', at(`/timeline?at=${before}`), undefined, ['phone-dark', 'wide']);
    const evenings = { gpus: 4, start: new Date(Date.now() + 6 * 3_600_000).toISOString(), length: '3h', every: ['day'], note: 'evenings' };
    const again = await berth.api('create_reservation', { reservation: evenings });
    await shoot(page, 'timeline-week', at('/timeline?view=week'), undefined, ['phone-dark', 'wide']);
    await shoot(page, 'timeline-week-form', at(`/timeline?view=week&reserve=${again.reservation.id}&gpus=4&every=day`));
    await berth.api('cancel_reservation', { id: again.reservation.id });
    await shoot(page, 'timeline-form', at('/timeline?zoom=week&reserve=new&gpus=8&every=day'), async () => {
      await expect(page.locator('.preview-cost')).toBeVisible();
    });
    await shoot(page, 'submit', at('/submit'));
    await shoot(page, 'submit-refused', at('/submit'), async () => {
      await page.getByLabel('GPUs', { exact: true }).fill('17');
      await page.getByRole('button', { name: 'Submit', exact: true }).click();
      await page.getByText('More', { exact: true }).click();
    });
    await shoot(page, 'history', at('/history?range=24h'), undefined, ['phone-dark', 'wide']);
    await shoot(page, 'history-numbers', at('/history?range=24h'), async () => {
      for (const summary of await page.getByText('Numbers', { exact: true }).all()) await summary.click();
    });
    await shoot(page, 'history-none', at('/history?from=2020-01-01&to=2020-01-02'));
    await berth.api('cordon', { place: 'node-2', reason: 'new fans', drain: true });
    await berth.api('cordon', { place: 'node-1:3', reason: 'ECC errors' });
    await shoot(page, 'dashboard-cordoned', at('/'));
    await shoot(page, 'cluster', at('/cluster'), undefined, ['phone-dark', 'wide']);
    await shoot(page, 'cluster-open', at('/cluster'), async () => {
      await page.getByText('All figures').first().click();
      await page.getByText('Take out of use').first().click();
    });
    await shoot(page, 'alerts', at('/alerts'), undefined, ['phone-dark', 'wide']);
    await shoot(page, 'settings', at('/settings'));
    const tuning = {
      gpu_seconds: 48 * 3600,
      gpus_at_once: 8,
      projects: ['align'],
      commands: [{ command: 'sleep {int}' }, { command: 'python train.py --lr {float} --seed {int}' }],
      approval: { above_gpu_seconds: 8 * 3600 },
    };
    const { token: tuner } = await berth.api('set_agent', { name: 'tuner', mandate: tuning }, people.ana);
    const { token: night } = await berth.api('set_agent', { name: 'night-shift', mandate: { hours: '00:00-00:00', all_jobs: true } }, people.kim);
    const run = (seconds: number, gpus: number, limit: string, name: string) =>
      berth.api('submit_job', { command: ['sleep', String(seconds)], gpus, time_limit: limit, name, project: 'align' }, tuner).catch(() => undefined);
    await run(1, 1, '30m', 'probe');
    await run(400, 2, '2h', 'lr-3e-4');
    await run(400, 4, '6h', 'lr-1e-4, longer');
    await run(400, 16, '1h', 'everything at once');
    await berth.api('submit_job', { command: ['rm', '-rf', '/data'], project: 'align' }, tuner).catch(() => undefined);
    await berth.api('hold_job', { id: gang }, night).catch(() => undefined);
    await berth.api('set_agent_rule', { rule: 'requeue_lost', mode: 'act' });
    await berth.api('set_agent_rule', { rule: 'idle_ladder', mode: 'suggest' });
    await berth.api('set_agent_rule', { rule: 'idle_ladder', project: 'align', mode: 'off' });
    await shoot(page, 'agent', at('/agent'), undefined, ['phone-dark', 'wide']);
    await shoot(page, 'agent-open', at('/agent?by=tuner'), async () => {
      for (const line of await page.locator('.ledger-line summary').all()) await line.click();
      await page.locator('.agent-stop summary').first().click();
    });
    await shoot(page, 'agent-mandate', at('/agent?edit=tuner'));
    await shoot(page, 'agent-new', at('/agent?new=1'), undefined, ['phone-dark']);
    await shoot(page, 'agent-refused', at('/agent?new=1&name=tuner&gpu_hours=many&field=gpu_hours&error=How+many+GPU-hours%3F'));
    const halving = {
      name: 'find-lr',
      goal: 'The best learning rate and optimizer within 12 GPU-hours',
      template: {
        command: ['sh', '-c', 'awk -v lr={lr} -v e={epochs} \'BEGIN { l = log(lr) / log(10) + 3; print "loss=" 1 + l * l + 1 / e }\'; test {epochs} -lt 9 || sleep 600'],
        gpus: 0,
        time_limit: '2h',
      },
      space: { lr: { from: 1e-5, to: 0.1, scale: 'log' }, optimizer: ['adam', 'sgd'] },
      metric: { name: 'loss', better: 'lower' },
      strategy: { kind: 'asha', trials: 27, seed: 7, fidelity: { param: 'epochs', min: 1, max: 9 } },
      budget: { gpu_hours: 12 },
      stop: { target: 0.05 },
    };
    const { id: campaign } = await berth.api('start_campaign', halving, people.ana);
    const trials = async () => (await berth.api(`campaign?id=${campaign}`)).counts.done;
    await expect.poll(trials, { timeout: 60_000 }).toBeGreaterThan(20);
    const random = { ...halving, name: 'stop-me', strategy: { kind: 'random', trials: 4 }, template: { ...halving.template, command: ['sleep', '600'] } };
    const { id: paused } = await berth.api('start_campaign', random, people.kim);
    await berth.api('change_campaign', { id: paused, change: 'pause', why: 'the data is not ready' });
    await shoot(page, 'campaigns', at('/agent/campaigns?all=1'), undefined, ['phone-dark', 'wide']);
    await shoot(page, 'campaign', at(`/agent/campaigns/${campaign}`), undefined, ['phone-dark', 'wide']);
    await shoot(page, 'campaign-open', at(`/agent/campaigns/${campaign}`), async () => {
      for (const one of await page.locator('.agent-actions summary').all()) await one.click();
    });
    await shoot(page, 'campaign-paused', at(`/agent/campaigns/${paused}`));
    for (const id of [campaign, paused]) await berth.api('change_campaign', { id, change: 'end', why: 'seen', jobs: true });
    await shoot(page, 'campaign-ended', at(`/agent/campaigns/${campaign}`));
    await shoot(page, 'campaigns-ended', at('/agent/campaigns?all=1'));
    const found = `Job ${watched} holds 4 GPUs and has written nothing for an hour:\n\n- \`train.py\` waits for **job ${gang}**\n- its budget ends tonight\n\n`;
    const talk = await model.asked(
      berth,
      'What does nothing, and what of it may be cancelled?',
      { calls: 'queue', with: {} },
      { calls: 'job', with: { id: 4711 } },
      { calls: 'cancel', with: { id: watched } },
      { says: [`${found}I have asked you whether to cancel it.\n\n| job | GPUs | idle |\n| --- | --- | --- |\n| ${watched} | 4 | 1 h |`] },
    );
    await model.asked(berth, 'When would 8 GPUs be free for 6 h?', { says: ['In about an hour.'] });
    await shoot(page, 'ask', at(`/agent/ask/${talk}`), undefined, ['phone-dark', 'wide']);
    model.replies = [{ calls: 'queue', with: {} }, { says: [found, new Promise(() => {})] }];
    await page.getByLabel('Your question').fill('And what waits for it?');
    await page.getByLabel('Your question').press('Enter');
    await expect(page.getByRole('log')).toContainText('ends tonight');
    await shootAsItIs(page, 'ask-answers');
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await expect(page.getByRole('log')).toContainText('You stopped it here.');
    await shootAsItIs(page, 'ask-stopped');
    await shoot(page, 'ask-none', at('/agent/ask/999'));
    await berth.api('set_quota', { user: 'ana', gpus: 8, hard: true });
    await berth.api('set_quota', { every: 'user', gpus: 8 });
    await berth.api('set_quota', { user: 'admin', gpu_hours: 400, period: 'month' });
    await berth.api('set_quota', { project: 'align', gpu_hours: 1, period: 'day', hard: true });
    await berth.api('set_project', { name: 'vision', about: 'the paper for May', closed: true });
    await berth.api('set_member', { project: 'vision', user: 'ana', role: 'lead' });
    await shoot(page, 'projects', at('/projects'), async () => page.locator('summary').first().click(), ['phone-dark']);
    berth.host('node-token', 'node-1', 'node-2');
    await shoot(page, 'admin', at('/admin'), undefined, ['phone-dark', 'wide']);
    await shoot(page, 'admin-preview', at('/admin?policy=fifo&knob-ageing=1&preview=1'), async () => {
      await page.locator('[data-whose="user-ana"] summary').click();
      await page.getByRole('button', { name: 'New login link for ana' }).click();
      await expect(page.locator('.link-made code')).toBeVisible();
    });
    await shoot(page, 'admin-refused', at('/admin?policy=fifo&knob-order=luck&preview=1'));
    await shoot(page, 'audit', at('/admin/audit'), async () => page.locator('.audit-table details summary').first().click());
    await shoot(page, 'import-empty', at('/admin/import'));
    await shoot(page, 'import', at('/admin/import'), async () => {
      const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
      const rows = [
        'Server,GPU(s),Who,From,Until,What for',
        `node-1,0-3,Ana Müller,${day(20)} 08:00,${day(20)} 20:00,training`,
        `,4,bo,${day(21)},${day(22)},`,
        `,4-5,kim,${day(21)} 09:00,${day(21)} 17:00,does not fit beside the row above`,
        `node-2,all,wei.zhang,${day(25)} 6pm,${day(26)} 9am,`,
        `,some day,kim & bo,soon,,`,
        'Total,13,,,,',
      ];
      await page.locator('#import-input').setInputFiles({ name: 'bookings.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n')) });
      await expect(page.locator('.import-rows').first()).toBeVisible();
    }, ['phone-dark', 'wide']);
    await shoot(page, 'styleguide', at('/styleguide'));
    await page.goto(at('/docs/api'));
    await shootAsItIs(page, 'docs-api');
    await shoot(page, 'not-found', at('/nowhere'));
    await shoot(page, 'job-not-found', at('/jobs/999999'));
    await shoot(page, 'login', at('/login'));
    await shoot(page, 'login-refused', at('/login?error=The+token+is+not+known+here.'));

    // Who is no admin.
    const context = await browser.newContext({ bypassCSP: true });
    const other = await context.newPage();
    await other.goto(at('/login'));
    await other.getByLabel('Or paste a token').fill(people.ana);
    await other.getByRole('button', { name: 'Use the token' }).click();
    await expect(other).not.toHaveURL(/login/);
    await shoot(other, 'member-alerts', at('/alerts'));
    await shoot(other, 'member-job', at(`/jobs/${watched}`));
    await shoot(other, 'member-cluster', at('/cluster'));
    await shoot(other, 'member-admin', at('/admin'));
    await shoot(other, 'member-agent', at('/agent'), undefined, ['phone-dark']);
    await berth.api('stop_agents', { why: 'the queue is full of nonsense' });
    await shoot(page, 'agent-stopped', at('/agent'));
    await shoot(other, 'member-agent-stopped', at('/agent'));
    await berth.api('resume_agents', {});
    await context.close();
  });

  // The last one: afterwards there is no server.
  test('of a server that is away', async ({ page }) => {
    await page.goto(at('/jobs?user=all'));
    await hydrated(page);
    await expect(page.locator('.header')).toHaveAttribute('data-live', 'live');
    await berth.end('SIGKILL');
    await expect(page.locator('.header')).toHaveAttribute('data-live', 'stale');
    await shootAsItIs(page, 'away-stale');
    await expect(page.locator('.header')).toHaveAttribute('data-live', 'offline');
    await shootAsItIs(page, 'away-offline');
    for (const name of ['Cluster', 'History', 'Timeline']) {
      await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).click();
      await expect(page.getByRole('alert').first()).toBeVisible();
      await shootAsItIs(page, `away-${name.toLowerCase()}`);
    }
    await berth.launch();
  });
});
