// Pictures of the pages, in end2end/shots: light, dark, phone, wide. They are looked at by people;
// what is asserted is only that nothing is wider than the window. `make screenshots` also renews
// the README's picture.

import type { Page } from '@playwright/test';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

import { Berth, expect, hydrated, test } from './server';

const shots = join(__dirname, 'shots');

const looks = {
  light: { width: 1440, height: 900, scheme: 'light' },
  dark: { width: 1440, height: 900, scheme: 'dark' },
  phone: { width: 390, height: 844, scheme: 'light' },
  'phone-dark': { width: 390, height: 844, scheme: 'dark' },
  wide: { width: 1920, height: 1080, scheme: 'light' },
} as const;

async function shoot(page: Page, name: string, path: string, prepare?: () => Promise<void>): Promise<void> {
  for (const [look, { width, height, scheme }] of Object.entries(looks)) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.goto(path);
    await hydrated(page);
    await prepare?.();
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: join(shots, `${name}-${look}.png`) });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow, `${name}, ${look}: wider than the window`).toBeLessThanOrEqual(0);
  }
}

const train = (steps: number, every: string) =>
  `echo "loading checkpoint"; i=0; while [ $i -lt ${steps} ]; do i=$((i+1)); ` +
  `printf 'step %5d  loss %d.%03d  lr 3.0e-04  tok/s %d\\n' $i $((3 - i * 2 / ${steps})) $((i * 377 % 1000)) $((41000 + i * 37 % 900)); ` +
  `sleep ${every}; done`;

test('pictures of a busy cluster', async ({ page }) => {
  test.setTimeout(180_000);
  const berth = await Berth.start({ env: { BERTH_RETRY_BASE_S: '0.05' } });
  try {
    const people = Object.fromEntries(['ana', 'bo', 'kim', 'wei.zhang'].map((name) => [name, berth.addUser(name)]));
    await berth.logIn(page);
    await shoot(page, 'dashboard-empty', `${berth.url}/`);
    await shoot(page, 'jobs-empty', `${berth.url}/jobs`);

    await berth.submit(train(2000, 0.3), { gpus: 8, name: 'llama-8b-sft', time_limit: '12h', project: 'align' }, people.ana);
    const watched = await berth.submit(train(4000, 0.1), { gpus: 4, name: 'reward-model', time_limit: '6h' }, people.kim);
    await berth.submit(train(500, 1), { gpus: 2, name: 'eval-mmlu', time_limit: '90m' }, people.bo);
    await berth.submit('sleep 400', { gpus: 1, name: 'notebook', time_limit: '8h' }, people['wei.zhang']);
    const failed = await berth.submit('echo "Traceback (most recent call last):"; echo "  File \\"train.py\\", line 88, in <module>"; echo "RuntimeError: shape mismatch"; exit 1', { name: 'smoke-test' }, people.bo);
    for (let n = 0; n < 3; n += 1) await berth.submit('true', { name: `sweep-lr-${n}` }, people.kim);
    const long = 'x'.repeat(40) + ' a name that somebody generated with every hyperparameter in it, lr=3e-4, wd=0.1, bs=512';
    await berth.submit('true', { gpus: 1, name: long.slice(0, 120), hold: true });
    await expect.poll(async () => (await berth.api(`get_job?id=${failed}`)).job.state).toBe('Finished');
    await berth.submit('test $BERTH_ATTEMPT -ge 4 || exit 1; sleep 300', { name: 'flaky', max_retries: 9 }, people.kim);
    await expect.poll(async () => (await berth.api('alerts')).alerts.length, { timeout: 30_000 }).toBe(1);
    const gang = await berth.submit(train(10, 1), { gpus: 16, name: 'pretrain-32b', time_limit: '2d', class: 'high' }, people['wei.zhang']);
    const folds = await berth.submit('test $BERTH_ARRAY_TASK_ID -ne 3', { gpus: 1, name: 'cross-validate', array: '0-11' }, people.bo);
    await berth.submit('true', { gpus: 2, name: 'ablation-7', time_limit: '3h' }, people.ana);
    await berth.submit('true', { gpus: 1, name: 'tokenize', class: 'low', after: [String(watched)] }, people.bo);
    await berth.submit('true', { gpus: 4, name: 'nightly', begin: '2030-01-01T00:00:00Z' }, people.kim);

    await page.goto(`${berth.url}/`);
    await hydrated(page);
    // The simulated hardware warms up over some samples.
    await expect.poll(async () => (await berth.api('cluster')).totals.busy_pct).toBeGreaterThan(30);
    await shoot(page, 'dashboard', `${berth.url}/`);
    await shoot(page, 'jobs', `${berth.url}/jobs?user=all`);
    await shoot(page, 'array', `${berth.url}/jobs?user=all&array=${folds}`);
    await shoot(page, 'job-running', `${berth.url}/jobs/${watched}`);
    await shoot(page, 'job-failed', `${berth.url}/jobs/${failed}`);
    await shoot(page, 'job-waiting', `${berth.url}/jobs/${gang}`);
    await berth.api('create_reservation', { reservation: { gpus: 8, start: new Date(Date.now() + 5 * 3_600_000).toISOString(), length: '3h', note: 'demo', project: 'align' } });
    await shoot(page, 'timeline', `${berth.url}/timeline`);
    await shoot(page, 'timeline-lanes', `${berth.url}/timeline?zoom=hour&open=none`);
    await shoot(page, 'timeline-form', `${berth.url}/timeline?zoom=week&reserve=new&gpus=8&every=day`, async () => {
      await expect(page.locator('.preview-cost')).toBeVisible();
    });
    await shoot(page, 'submit', `${berth.url}/submit`);
    await shoot(page, 'submit-refused', `${berth.url}/submit`, async () => {
      await page.getByLabel('GPUs', { exact: true }).fill('17');
      await page.getByRole('button', { name: 'Submit', exact: true }).click();
      await page.getByText('More', { exact: true }).click();
    });
    await shoot(page, 'submit-more', `${berth.url}/submit`, async () => {
      await page.getByText('More', { exact: true }).click();
      await page.getByLabel('GPU model').fill('H100');
      await page.getByLabel('Only on nodes').fill('node-9');
      await page.getByLabel('Hold').scrollIntoViewIfNeeded();
    });
    await shoot(page, 'cancel-dialog', `${berth.url}/jobs/${gang}`, async () => {
      await page.getByRole('button', { name: `Cancel job ${gang}` }).click();
    });
    await berth.api('cordon', { place: 'node-2', reason: 'new fans', drain: true });
    await berth.api('cordon', { place: 'node-1:3', reason: 'ECC errors' });
    await shoot(page, 'dashboard-cordoned', `${berth.url}/`);
    await shoot(page, 'cluster', `${berth.url}/cluster`);
    await shoot(page, 'cluster-form', `${berth.url}/cluster`, async () => {
      await page.getByText('Take out of use').first().click();
      await page.getByLabel('Reason').first().scrollIntoViewIfNeeded();
    });
    await shoot(page, 'cluster-figures', `${berth.url}/cluster`, async () => {
      await page.getByText('All figures').first().click();
      await page.getByText('All figures').first().scrollIntoViewIfNeeded();
    });
    await shoot(page, 'alerts', `${berth.url}/alerts`);
    await shoot(page, 'settings', `${berth.url}/settings`);
    await shoot(page, 'cluster-ground', `${berth.url}/cluster`, async () => {
      await page.getByRole('region', { name: 'What Berth runs on' }).scrollIntoViewIfNeeded();
    });
    await shoot(page, 'not-found', `${berth.url}/nowhere`);
    await shoot(page, 'login', `${berth.url}/login?error=The+token+is+not+known+here.`);
    if (process.env.BERTH_SHOTS === 'docs') {
      copyFileSync(join(shots, 'dashboard-light.png'), join(__dirname, '../docs/dashboard.png'));
    }
  } finally {
    await berth.stop();
  }
});
