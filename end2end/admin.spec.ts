// What an admin looks after: policy, quotas, people and the tokens of nodes, by mouse, by keys and
// without script; and what others see in its place.

import type { Browser, Locator, Page } from '@playwright/test';

import { violations } from './axe';
import { Berth, expect, hydrated, test } from './server';

const panel = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const said = (page: Page) => page.locator('.notices');
/** Of a row's forms the one with this field. */
const form = (row: Locator, label: string) =>
  row.locator('form').filter({ has: row.page().getByLabel(label, { exact: true }) });

test.describe('admin', () => {
  let berth: Berth;
  test.beforeAll(async () => {
    berth = await Berth.start({ simulate: '1x2' });
    berth.addUser('ana');
  });

  test.afterAll(async () => berth?.stop());

  // None are expected of these pages.
  test.beforeEach(({ complaints }) => expect(complaints.all).toEqual([]));

  test.beforeEach(async ({ page }) => {
    await berth.cancelAll();
    await berth.api('set_policy', { name: 'berth' });
    await berth.api('set_quota', { every: 'user', reset: true });
    await berth.api('set_quota', { user: 'ana', reset: true });
    await berth.logIn(page);
  });

  const open = async (page: Page) => {
    await page.goto(`${berth.url}/admin`);
    await hydrated(page);
  };

  /** Somebody else's browser, let in by this link. */
  const letIn = async (browser: Browser, link: string): Promise<Page> => {
    const context = await browser.newContext({ baseURL: berth.url });
    const page = await context.newPage();
    await page.goto(link);
    return page;
  };

  test('is found in the rail, by keys and in the palette', async ({ page }) => {
    await page.goto(`${berth.url}/`);
    await hydrated(page);
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Admin' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Admin' })).toBeVisible();
    await page.keyboard.press('g');
    await page.keyboard.press('q');
    await expect(page).toHaveURL(/\/queue$/);
    await page.keyboard.press('g');
    await page.keyboard.press('o');
    await expect(page).toHaveURL(/\/admin$/);
    await page.keyboard.press('g');
    await page.keyboard.press('q');
    await expect(page).toHaveURL(/\/queue$/);
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('combobox', { name: 'Find pages, jobs, nodes and actions' })).toBeFocused();
    await page.keyboard.type('quotas');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/\/admin$/);
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog')).toContainText('Admin');
  });

  test('a policy is looked at and then applied', async ({ page }) => {
    await berth.api('set_policy', { name: 'fifo' });
    const holder = await berth.submit('sleep 600', { gpus: 1, name: 'holder', time_limit: '1h' });
    await expect.poll(async () => (await berth.api(`get_job?id=${holder}`)).job.state).toBe('Running');
    await berth.submit('true', { gpus: 2, name: 'head', time_limit: '1h' });
    const small = await berth.submit('sleep 600', { gpus: 1, name: 'small', time_limit: '10m' });

    await open(page);
    const policy = panel(page, 'Policy');
    await expect(policy.locator('.policy-now')).toHaveText('The planner follows fifo.');
    await policy.getByLabel('Follow', { exact: true }).selectOption('easy');
    await policy.getByRole('button', { name: 'Preview' }).click();
    const row = policy.locator(`tr[data-job="${small}"]`);
    await expect(row).toContainText(`${small}, small`);
    await expect(row).toContainText('−');
    await expect(policy.getByRole('status')).toContainText('waiting jobs would start at another time');

    // What is typed then was not looked at.
    await policy.getByLabel('Set backfill to').fill('none');
    await expect(row).toHaveCount(0);
    await policy.getByLabel('Set backfill to').fill('');
    await policy.getByLabel('Set backfill to').press('Enter');
    await expect(row).toBeVisible();
    await expect(policy.locator('.policy-now')).toHaveText('The planner follows fifo.');

    await policy.getByRole('button', { name: 'Apply' }).click();
    await expect(said(page)).toContainText('The planner follows easy from now on.');
    await expect(policy.locator('.policy-now')).toHaveText('The planner follows easy.');
    await expect(row).toHaveCount(0);
    await expect(policy.locator('[data-knob=backfill] .knob-now')).toHaveText('easy');
    await expect.poll(async () => (await berth.api(`get_job?id=${small}`)).job.state).toBe('Running');
  });

  test('knobs are set, and what they cannot be is refused with what they can', async ({ page, complaints }) => {
    await open(page);
    const policy = panel(page, 'Policy');
    await policy.getByLabel('Set preemption to').fill('maybe');
    await policy.getByRole('button', { name: 'Preview' }).click();
    await expect(policy.getByRole('status')).toContainText("'maybe' is not a value of preemption: write off or on.");
    await policy.getByLabel('Set preemption to').fill('on');
    await policy.getByRole('button', { name: 'Apply' }).click();
    await expect(policy.locator('.policy-now')).toHaveText('The planner follows berth with preemption=on.');
    const knob = policy.locator('[data-knob=preemption]');
    await expect(knob.locator('.knob-now')).toContainText('changed');
    await page.reload();
    await hydrated(page);
    await expect(policy.getByLabel('Set preemption to')).toHaveValue('on');
    await expect(policy.getByLabel('Set backfill to')).toHaveValue('');
    complaints.expected('400');
  });

  test('quotas are set in place, and given back', async ({ page }) => {
    await open(page);
    const quotas = panel(page, 'Quotas');
    const ana = quotas.locator('[data-whose="user-ana"]');
    await expect(ana).toContainText('no limit as everybody');
    await ana.locator('summary').click();
    const gpus = form(ana, 'GPUs of ana');
    await gpus.getByLabel('GPUs of ana').fill('many');
    await gpus.getByRole('button', { name: 'Set', exact: true }).click();
    await expect(said(page)).toContainText('How many GPUs at once? Write a number, 0 or more.');
    await gpus.getByLabel('GPUs of ana').fill('1');
    await gpus.getByLabel('hard').check();
    await gpus.getByRole('button', { name: 'Set', exact: true }).click();
    await expect(ana).toContainText('1, hard');
    await expect(ana).not.toContainText('as everybody');
    const id = await berth.submit('true', { gpus: 2, name: 'too much' }, berth.addUser('ana'));
    await expect.poll(async () => (await berth.api(`get_job?id=${id}`)).job.reason).toBe('QuotaUser');

    const every = quotas.locator('[data-whose="every-user"]');
    await every.locator('summary').click();
    const everyGpus = form(every, 'GPUs of every other user');
    await everyGpus.getByLabel('GPUs of every other user').fill('2');
    await everyGpus.getByRole('button', { name: 'Set', exact: true }).click();
    await expect(every).toContainText('2, soft');
    await expect(quotas.locator('[data-whose="user-admin"]')).toContainText('2, soft as everybody');
    await gpus.getByRole('button', { name: 'No limit' }).click();
    await expect(ana).toContainText('no limit');
    await expect.poll(async () => (await berth.api(`get_job?id=${id}`)).job.state).toBe('Finished');
    await gpus.getByRole('button', { name: 'Reset' }).click();
    await expect(ana).toContainText('2, soft as everybody');

    await quotas.getByText('Another project').click();
    const other = quotas.locator('.limit').last();
    await other.getByLabel('Project', { exact: true }).fill('align');
    await other.getByLabel('GPUs of the project').fill('4');
    await other.getByRole('button', { name: 'Set', exact: true }).click();
    await expect(quotas.locator('[data-whose="project-align"]')).toContainText('4, soft');
    await page.reload();
    await hydrated(page);
    await expect(quotas.locator('[data-whose="project-align"]')).toContainText('4, soft');
  });

  test('GPU-hours and shares are set in place, and who has none left waits', async ({ page, complaints }) => {
    await open(page);
    const quotas = panel(page, 'Quotas');
    const ana = quotas.locator('[data-whose="user-ana"]');
    await ana.locator('summary').click();
    const hours = form(ana, 'GPU-hours of ana');
    await hours.getByLabel('GPU-hours of ana', { exact: true }).fill('0');
    await hours.getByLabel('Period of the GPU-hours of ana').selectOption('week');
    await hours.getByLabel('hard').check();
    await hours.getByRole('button', { name: 'Set', exact: true }).click();
    await expect(ana.locator('.limit-hours')).toContainText('0.0 of 0 a week, hard');
    await expect(ana.locator('.limit-hours')).toContainText('used up, until');
    const shares = form(ana, 'Shares of ana');
    await shares.getByLabel('Shares of ana').fill('0');
    await shares.getByRole('button', { name: 'Set', exact: true }).click();
    await expect(said(page)).toContainText('0 shares are not possible: use 1 to');
    await shares.getByLabel('Shares of ana').fill('3');
    await shares.getByRole('button', { name: 'Set', exact: true }).click();
    await expect(ana.locator('[data-said=shares]')).toHaveText('3');
    const id = await berth.submit('true', { gpus: 1, name: 'no hours left' }, berth.addUser('ana'));
    await expect.poll(async () => (await berth.api(`get_job?id=${id}`)).job.reason).toBe('BudgetUser');
    await hours.getByRole('button', { name: 'Reset' }).click();
    await expect(ana.locator('.limit-hours')).toContainText('no limit');
    await expect.poll(async () => (await berth.api(`get_job?id=${id}`)).job.state).toBe('Finished');
    await shares.getByRole('button', { name: 'Reset' }).click();
    await expect(ana.locator('[data-said=shares]')).toHaveText('1');
    complaints.expected('400');
    await quotas.getByRole('link', { name: 'Who changed what' }).click();
    await expect(page.getByRole('table')).toContainText('set_quota');
  });

  test('a person is added, and the link logs in once', async ({ page, browser, complaints }) => {
    await open(page);
    const people = panel(page, 'People');
    await people.getByLabel('Add a person').fill('Dana B');
    await people.getByRole('button', { name: 'Add' }).click();
    await expect(people.locator('#person-problem')).toContainText('A user name is 1 to 64 of a-z');
    complaints.expected('400');
    await people.getByLabel('Add a person').fill('dana');
    await people.getByLabel('Add a person').press('Enter');
    const row = people.locator('[data-person=dana]');
    await expect(row).toBeVisible();
    await expect(people.locator('#person-problem')).toHaveText('');
    await expect(people.getByLabel('Add a person')).toHaveValue('');
    await expect(panel(page, 'Quotas').locator('[data-whose="user-dana"]')).toBeVisible();
    const made = people.getByRole('status');
    await expect(made).toContainText('Send this to dana. It logs one browser in, once, until');
    await expect(made.getByRole('button', { name: 'Copy login link' })).toBeVisible();
    const link = await made.locator('code').innerText();

    const dana = await letIn(browser, link);
    await expect(dana.locator('.header-user')).toHaveText('dana');
    await dana.context().close();
    const late = await letIn(browser, link);
    await expect(late.getByRole('alert')).toContainText('This link was used before');
    await late.context().close();

    await row.getByRole('button', { name: 'New login link for dana' }).click();
    await expect(made.locator('code')).not.toHaveText(link);
    await page.reload();
    await hydrated(page);
    await expect(made).toHaveText('');
    await expect(row.locator('time')).toHaveCount(2);
  });

  test('somebody becomes something else where it is shown, and the only admin stays one', async ({ page, complaints }) => {
    berth.addUser('vera');
    await open(page);
    const people = panel(page, 'People');
    const role = people.getByLabel('Role of vera');
    await expect(role).toHaveValue('member');
    await role.selectOption('viewer');
    await expect.poll(async () => {
      const all = (await berth.api('list_people')).people;
      return all.find((one: { name: string }) => one.name === 'vera').role;
    }).toBe('viewer');
    await page.reload();
    await hydrated(page);
    await expect(role).toHaveValue('viewer');
    await people.getByLabel('Role of admin').selectOption('lead');
    await expect(said(page)).toContainText('admin is the only admin. Make another one first.');
    await expect(people.getByLabel('Role of admin')).toHaveValue('admin');
    complaints.expected('409');
  });

  test('who is no admin is told whom to ask', async ({ browser }) => {
    const { link } = await berth.api('login_link', { name: 'ana' });
    const page = await letIn(browser, link);
    await hydrated(page);
    await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Alerts' })).toBeVisible();
    await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Admin' })).toHaveCount(0);
    await page.keyboard.press('g');
    await page.keyboard.press('o');
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('combobox', { name: 'Find pages, jobs, nodes and actions' })).toBeFocused();
    await page.keyboard.type('quotas');
    await expect(page.locator('.palette-none')).toBeVisible();
    await expect(page).toHaveURL(`${berth.url}/`);

    const answer = await page.goto('/admin');
    expect(answer?.status()).toBe(403);
    await hydrated(page);
    const told = panel(page, 'This page is for admins');
    await expect(told.getByRole('list', { name: 'Admins' })).toHaveText(/admin$/);
    await expect(page.locator('main form')).toHaveCount(0);
    expect(await violations(page), 'light').toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await violations(page), 'dark, on a phone').toEqual([]);
    await page.context().close();
  });

  test('the token of a node is revoked, after a question', async ({ page }) => {
    await open(page);
    const tokens = panel(page, 'Tokens of nodes');
    await expect(tokens).toContainText('No node has one.');
    await expect(panel(page, 'Messages that did not arrive')).toContainText('Every message of the last 30 days arrived.');
    berth.host('node-token', 'node-1', 'node-2');
    await page.reload();
    await hydrated(page);
    const row = tokens.locator('[data-token-of=node-1]');
    await expect(row).toContainText('not here');
    await expect(row).toContainText('by admin');
    await row.getByRole('button', { name: 'Revoke the tokens of node-1' }).click();
    await expect(page.getByRole('dialog')).toContainText('Its daemon is sent away within a minute');
    await page.getByRole('dialog').getByRole('button', { name: 'Keep it' }).click();
    await expect(row).toBeVisible();
    await row.getByRole('button', { name: 'Revoke the tokens of node-1' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await expect(row).toHaveCount(0);
    await expect(tokens.locator('[data-token-of=node-2]')).toBeVisible();
  });

  test.describe('without script', () => {
    test.use({ javaScriptEnabled: false });

    test('all of it is done by plain forms', async ({ page }) => {
      await page.goto(`${berth.url}/`);
      await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Admin' }).click();
      const policy = panel(page, 'Policy');
      await policy.getByLabel('Follow', { exact: true }).selectOption('slurm');
      await policy.getByLabel('Set backfill to').fill('none');
      await policy.getByRole('button', { name: 'Preview' }).click();
      await expect(policy.getByRole('status')).toContainText('Nobody waits');
      await expect(policy.getByLabel('Follow', { exact: true })).toHaveValue('slurm');
      await expect(policy.getByLabel('Set backfill to')).toHaveValue('none');
      await policy.getByRole('button', { name: 'Apply' }).click();
      await expect(policy.locator('.policy-now')).toHaveText('The planner follows slurm with backfill=none.');
      await policy.getByLabel('Set backfill to').fill('luck');
      await policy.getByRole('button', { name: 'Apply' }).click();
      await expect(page.getByRole('alert')).toContainText("'luck' is not a value of backfill");
      await expect(policy.getByLabel('Set backfill to')).toHaveValue('luck');

      const ana = panel(page, 'Quotas').locator('[data-whose="user-ana"]');
      await ana.locator('summary').click();
      const gpus = form(ana, 'GPUs of ana');
      await gpus.getByLabel('GPUs of ana').fill('3');
      await gpus.getByRole('button', { name: 'Set', exact: true }).click();
      await expect(ana).toContainText('3, soft');

      const people = panel(page, 'People');
      await people.getByLabel('Add a person').fill('ana');
      await people.getByRole('button', { name: 'Add' }).click();
      await expect(page.getByRole('alert')).toContainText('There is a user ana already');
      await page.getByRole('button', { name: 'New login link for ana' }).click();
      await expect(page.getByRole('heading', { name: 'Login link of ana' })).toBeVisible();
      await expect(page.locator('code')).toContainText(`${berth.url}/login/once/`);
      expect(page.url()).not.toContain('once');
      await page.getByRole('link', { name: 'Back to Admin' }).click();
      await expect(page.getByRole('heading', { level: 1, name: 'Admin' })).toBeVisible();
    });
  });
});
