// What people do, by keys alone: every control is reached by Tab from where the last one was left, and
// pressed. Moving jobs in the queue, going through rows, taking nodes out of use and reserving are
// beside the pages they belong to.

import type { Locator, Page } from '@playwright/test';

import { expect, hydrated, test } from './server';

test.describe('by keys alone', () => {
  // None are expected of these pages.
  test.beforeEach(({ complaints }) => expect(complaints.all).toEqual([]));

  test.beforeEach(async ({ page, berth }) => {
    await berth.cancelAll();
    await berth.logIn(page);
  });

  test('a token is typed, and out again', async ({ browser, berth }) => {
    const context = await browser.newContext({ baseURL: berth.url });
    const page = await context.newPage();
    await page.goto('/login');
    await hydrated(page);
    await reach(page, page.getByLabel('Or paste a token'));
    await page.keyboard.type(berth.token);
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(`${berth.url}/`);
    await hydrated(page);
    await press(page, page.getByRole('button', { name: 'Log out' }));
    await expect(page).toHaveURL(/\/login$/);
    await context.close();
  });

  test('the page is reached without the rail, and every place from it', async ({ page }) => {
    await open(page, '/jobs');
    await page.keyboard.press('Tab');
    await expect(page.getByRole('link', { name: 'Skip to the page' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page.locator('main')).toBeFocused();
    await page.keyboard.press('Tab');
    await expect(page.locator('main :focus')).toHaveCount(1);
    for (const place of ['Dashboard', 'Queue', 'Timeline', 'Cluster', 'History', 'Agents', 'Alerts', 'Submit', 'Admin', 'Jobs']) {
      await press(page, page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: place, exact: true }));
      await expect(page).toHaveTitle(new RegExp(place === 'Dashboard' ? 'Berth' : place));
    }
  });

  test('a job is submitted, changed, held, released, cancelled and run again', async ({ page, berth }) => {
    await berth.submit('sleep 300', { gpus: 16, name: 'holder' });
    await open(page, '/submit');
    await reach(page, page.getByLabel('Command', { exact: true }));
    await page.keyboard.type('sleep 300');
    await reach(page, page.getByLabel('GPUs', { exact: true }));
    await page.keyboard.press('Control+a');
    await page.keyboard.type('2');
    await reach(page, page.getByLabel('Name', { exact: true }));
    await page.keyboard.type('by keys');
    await press(page, page.getByRole('button', { name: 'Submit', exact: true }));
    await expect(page).toHaveURL(/\/jobs\/\d+$/);
    const id = Number(page.url().split('/').pop());
    const badge = page.locator('.job-head .badge');
    await expect(badge).toHaveText('Queued');

    await press(page, page.getByText('Change', { exact: true }));
    await reach(page, page.getByLabel('Time limit', { exact: true }));
    await page.keyboard.type('2h');
    await reach(page, page.getByLabel('Class'));
    await page.keyboard.type('high');
    await press(page, page.getByRole('button', { name: 'Change it' }));
    await expect(page.locator('.spec')).toContainText('2h');
    await expect(page.locator('.spec')).toContainText('high');

    await press(page, page.getByRole('button', { name: `Hold job ${id}` }));
    await expect(badge).toHaveText('Held');
    await press(page, page.getByRole('button', { name: `Release job ${id}` }));
    await expect(badge).toHaveText('Queued');

    const cancel = page.getByRole('button', { name: `Cancel job ${id}` });
    const dialog = page.getByRole('dialog');
    await press(page, cancel);
    // Kept, the focus is back where it was.
    await press(page, dialog.getByRole('button', { name: 'Keep it' }));
    await expect(dialog).toHaveCount(0);
    await expect(cancel).toBeFocused();
    await page.keyboard.press('Enter');
    await press(page, dialog.getByRole('button', { name: 'Cancel the job' }));
    await expect(badge).toHaveText('Cancelled');
    await press(page, page.getByRole('button', { name: `Run again job ${id}` }));
    await expect(badge).toHaveText('Queued');
  });

  test('an array is held, released and cancelled as a whole', async ({ page, berth }) => {
    await berth.submit('sleep 300', { gpus: 16, name: 'holder' });
    const array = await berth.submit('true', { gpus: 1, name: 'folds', array: '0-3' });
    await open(page, '/jobs');
    const row = page.locator(`tr[data-array="${array}"]`);
    const words = row.locator('.tasks-words');
    await press(page, row.getByRole('button', { name: `Hold all of array ${array}` }));
    await expect(words).toHaveText('4 held');
    await press(page, row.getByRole('button', { name: `Release all of array ${array}` }));
    await expect(words).toHaveText('4 waiting');
    await press(page, row.getByRole('button', { name: `Cancel all of array ${array}` }));
    await press(page, page.getByRole('dialog').getByRole('button', { name: 'Cancel all' }));
    await expect(words).toHaveText('4 cancelled');
  });

  test('waiting jobs are chosen and held together', async ({ page, berth }) => {
    await berth.submit('sleep 300', { gpus: 16, name: 'holder' });
    const jobs = [await berth.submit('true', { name: 'one' }), await berth.submit('true', { name: 'two' })];
    await open(page, '/queue');
    for (const job of jobs) {
      await reach(page, page.getByLabel(`Choose job ${job}`));
      await page.keyboard.press('Space');
    }
    await press(page, page.getByRole('group', { name: 'Chosen jobs' }).getByRole('button', { name: 'Hold' }));
    for (const job of jobs) await expect.poll(async () => (await berth.api(`get_job?id=${job}`)).job.state).toBe('Held');
  });

  test('jobs and the history are filtered', async ({ page, berth }) => {
    const held = await berth.submit('true', { hold: true, name: 'needle' }, berth.addUser('ana'));
    await open(page, '/jobs');
    await reach(page, page.getByRole('radio', { name: 'Mine' }));
    await page.keyboard.press('ArrowRight');
    await expect(page).toHaveURL(/user=all/);
    await reach(page, page.getByRole('combobox', { name: 'State' }));
    await page.keyboard.type('Held');
    await expect(page).toHaveURL(/state=Held/);
    await reach(page, page.getByLabel('Name or number'));
    await page.keyboard.type('needle');
    await expect(page).toHaveURL(/text=needle/);
    await expect(page.locator('tr[data-job]')).toHaveCount(1);
    await expect(page.locator(`tr[data-job="${held}"]`)).toBeVisible();

    await open(page, '/history');
    await reach(page, page.getByRole('radio', { name: '7 days' }));
    await page.keyboard.press('ArrowLeft');
    await expect(page).toHaveURL(/range=24h/);
    await reach(page, page.getByRole('combobox', { name: 'All users' }));
    await page.keyboard.type('admin');
    await expect(page).toHaveURL(/user=admin/);
  });

  test('a log is searched from hit to hit', async ({ page, berth }) => {
    const id = await berth.submit('seq -f "step %g" 1 300');
    await expect.poll(async () => (await berth.api(`get_job?id=${id}`)).job.state).toBe('Finished');
    await open(page, `/jobs/${id}`);
    await page.keyboard.press('/');
    await expect(page.getByLabel('Search the log')).toBeFocused();
    await page.keyboard.type('step 29');
    const found = page.locator('.log-found');
    await expect(found).toHaveText(/^\d+ of 11$/);
    await page.getByLabel('Search the log').press('Enter');
    await expect(page.locator('.log-here')).toBeInViewport();
    const before = await found.textContent();
    await press(page, page.getByRole('button', { name: 'Next hit' }));
    await expect(found).not.toHaveText(before ?? '');
    await press(page, page.getByRole('button', { name: 'Wrap' }));
    await expect(page.getByRole('log')).toHaveClass(/log-nowrap/);
  });

  test('an alert is answered', async ({ page, berth }) => {
    const job = await berth.submit('test $BERTH_ATTEMPT -ge 4 || exit 1; sleep 300', { name: 'flaky', max_retries: 9 });
    await expect.poll(async () => (await berth.api('alerts')).alerts.length).toBe(1);
    await open(page, '/alerts');
    await reach(page, page.getByLabel('Why it is to stay'));
    await page.keyboard.type('it is meant to');
    await reach(page, page.getByLabel('For how long'));
    await page.keyboard.type('4 h');
    await press(page, page.getByRole('button', { name: 'Keep it' }));
    const answered = page.getByRole('region', { name: 'Answered' });
    await expect(answered).toContainText('admin: keep, because it is meant to, until');
    await press(page, answered.getByRole('button', { name: 'Stop it' }));
    await expect.poll(async () => (await berth.api(`get_job?id=${job}`)).job.outcome).toBe('Cancelled');
  });

  test('what one is told is set', async ({ page }) => {
    await open(page, '/settings');
    const starts = page.getByLabel('when a job of mine starts');
    const was = await starts.isChecked();
    await reach(page, starts);
    await page.keyboard.press('Space');
    await press(page, page.getByRole('button', { name: 'Save', exact: true }));
    await expect(page.locator('.notices')).toContainText('Saved.');
    await page.reload();
    await expect(starts).toBeChecked({ checked: !was });
  });

  test('the theme is switched, and kept', async ({ page }) => {
    await open(page, '/');
    const root = page.locator('html');
    const button = page.getByRole('button', { name: /^Theme: / });
    await press(page, button);
    await expect(root).toHaveAttribute('data-theme', 'light');
    await page.keyboard.press('Enter');
    await expect(root).toHaveAttribute('data-theme', 'dark');
    await open(page, '/jobs');
    await expect(root).toHaveAttribute('data-theme', 'dark');
    await press(page, button);
    await expect(root).not.toHaveAttribute('data-theme');
  });
});

async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await hydrated(page);
}

/** Presses Tab until the control has the focus. */
async function reach(page: Page, control: Locator): Promise<void> {
  await expect(control).toBeVisible();
  const focused = () => control.evaluate((element) => element === document.activeElement);
  for (let presses = 0; presses < 150; presses += 1) {
    if (await focused()) return;
    await page.keyboard.press('Tab');
  }
  await expect(control, 'reached by Tab').toBeFocused();
}

async function press(page: Page, control: Locator): Promise<void> {
  await reach(page, control);
  await page.keyboard.press('Enter');
}
