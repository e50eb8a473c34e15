// The pages as people use them: log in, submit, watch, read, cancel, filter; by mouse and by keys.

import { expect, hydrated, test } from './server';

// None are expected of these pages.
test.beforeEach(({ complaints }) => expect(complaints.all).toEqual([]));

test.beforeEach(async ({ page, berth }) => {
  await berth.cancelAll();
  await berth.logIn(page);
});

test('nobody sees anything before logging in, and the link works once', async ({ browser, berth }) => {
  const stranger = await browser.newContext({ baseURL: berth.url });
  const page = await stranger.newPage();
  for (const path of ['/', '/jobs', '/jobs/1', '/submit', '/agent', '/nowhere']) {
    await page.goto(path);
    await expect(page).toHaveURL(/\/login$/);
  }
  await expect(page.getByRole('heading', { name: 'Log in to Berth' })).toBeVisible();
  // The link is used, unless the server was started again since.
  const first = await browser.newContext({ baseURL: berth.url });
  await (await first.newPage()).goto(berth.loginLink);
  await first.close();
  await page.goto(berth.loginLink);
  await expect(page.getByRole('alert')).toContainText('was used before');
  await page.getByLabel('Or paste a token').fill('nonsense');
  await page.getByRole('button', { name: 'Use the token' }).click();
  await expect(page.getByRole('alert')).toContainText('not known here');
  await page.getByLabel('Or paste a token').fill(berth.token);
  await page.getByRole('button', { name: 'Use the token' }).click();
  await expect(page).toHaveURL(`${berth.url}/`);
  const cookie = (await stranger.cookies()).find((cookie) => cookie.name === 'berth_session');
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
  await page.getByRole('button', { name: 'Log out' }).click();
  await expect(page).toHaveURL(/\/login$/);
  await page.goto('/jobs');
  await expect(page).toHaveURL(/\/login$/);
  await stranger.close();
});

test('a job is submitted from the form, and watched from start to end without a reload', async ({ page, berth }) => {
  const go = `${berth.dataDir}/go-form`;
  await page.goto('/submit');
  await hydrated(page);
  await page.evaluate(() => ((window as unknown as { same: boolean }).same = true));
  await page.getByLabel('Command', { exact: true }).fill(`echo first; while ! test -e ${go}; do sleep 0.05; done; echo last; exit 3`);
  await expect(page.locator('.runs')).toContainText('Runs in a shell');
  await page.getByRole('group', { name: /GPUs, and when/ }).getByRole('button', { name: /^4/ }).click();
  await page.getByLabel('Name', { exact: true }).fill('from the form');
  await page.getByRole('button', { name: 'Submit', exact: true }).click();

  await expect(page).toHaveURL(/\/jobs\/\d+$/);
  await expect(page.getByRole('heading', { level: 1, name: 'from the form' })).toBeVisible();
  const head = page.locator('.job-head');
  await expect(head.locator('.badge')).toHaveText('Running');
  await expect(page.getByRole('log')).toContainText('first');
  await expect(page.locator('.lease-tiles .held')).toHaveCount(4);
  await expect(page.getByText('tmux attach -t')).toBeVisible();

  berth.touch('go-form');
  await expect(head.locator('.badge')).toHaveText('Failed');
  await expect(head.locator('.job-reason')).toContainText('3');
  await expect(page.getByRole('log')).toContainText('last');
  await expect(page.locator('.log-state')).toHaveText('ended');
  await expect(page.locator('.timeline')).toContainText('Attempt 1 runs');
  // The page was never loaded anew.
  expect(await page.evaluate(() => (window as unknown as { same: boolean }).same)).toBe(true);
});

test('the dashboard follows what runs and what waits', async ({ page, berth }) => {
  await page.goto('/');
  await hydrated(page);
  await expect(page.locator('.header')).toHaveAttribute('data-live', 'live');
  await expect(page.locator('.simulated')).toBeVisible();
  await expect(page.locator('.tile')).toHaveCount(16);
  const gang = await berth.submit('sleep 300', { gpus: 16, name: 'gang' });
  await expect(page.locator(`.tile a[href="/jobs/${gang}"]`)).toHaveCount(16);
  await expect(page.locator('.header-cluster')).toContainText('16/16 allocated');
  const next = await berth.submit('true', { gpus: 2, name: 'next' });
  const line = page.locator(`.dashboard-side [data-job="${next}"]`);
  await expect(line).toContainText('next');
  await expect(line.locator('.line-reason')).not.toBeEmpty();
  await berth.api('cancel_job', { id: gang });
  await expect(line).toContainText('Succeeded');
  await expect(page.locator('.header-cluster')).toContainText('0/16 allocated');
});

test('a running job is cancelled with its row, after a question', async ({ page, berth }) => {
  const id = await berth.submit('echo up; sleep 300', { name: 'to be cancelled' });
  await page.goto('/jobs');
  await hydrated(page);
  const row = page.locator(`tr[data-job="${id}"]`);
  await expect(row.locator('.badge')).toHaveText('Running');
  await row.getByRole('button', { name: `Cancel job ${id}` }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(`Cancel job ${id}, to be cancelled?`);
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await expect(row.locator('.badge')).toHaveText('Running');
  await row.getByRole('button', { name: `Cancel job ${id}` }).click();
  await dialog.getByRole('button', { name: 'Cancel the job' }).click();
  await expect(row.locator('.badge')).toHaveText('Cancelled');
  await expect(row.getByRole('button', { name: `Run again job ${id}` })).toBeVisible();
  const { job } = await berth.api(`get_job?id=${id}`);
  expect(job.outcome).toBe('Cancelled');
});

test('an array is one row, and is held, released and cancelled as a whole', async ({ page, berth }) => {
  const first = await berth.submit('sleep 300', { gpus: 8, name: 'ten-folds', array: '0-9' });
  await page.goto('/');
  await hydrated(page);
  const line = page.locator('[aria-labelledby="next-title"] .line');
  await expect(line).toHaveCount(1);
  await expect(line).toContainText('2 running, 8 waiting');
  await line.getByRole('link', { name: 'ten-folds' }).click();
  await expect(page.getByRole('heading', { name: `Array ${first}, ten-folds` })).toBeVisible();
  await expect(page.locator('tbody tr')).toHaveCount(10);
  await page.goto('/jobs');
  await hydrated(page);
  const row = page.locator(`tr[data-array="${first}"]`);
  await expect(row).toContainText('10 tasks');
  await expect(page.locator('tbody tr').filter({ hasText: 'ten-folds' })).toHaveCount(1);
  await row.getByRole('button', { name: `Hold all of array ${first}` }).click();
  await expect(row.locator('.tasks-words')).toHaveText('2 running, 8 held');
  await row.getByRole('button', { name: `Release all of array ${first}` }).click();
  await expect(row.locator('.tasks-words')).toHaveText('2 running, 8 waiting');
  await row.getByRole('button', { name: `Cancel all of array ${first}` }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(`Cancel 10 tasks of array ${first}, ten-folds?`);
  await dialog.getByRole('button', { name: 'Cancel all' }).click();
  await expect(row.locator('.tasks-words')).toHaveText('10 cancelled');
  await expect(row.getByRole('button')).toHaveCount(0);
  await row.getByRole('link', { name: `Array ${first}` }).click();
  await page.locator('tbody tr').first().getByRole('link').first().click();
  await expect(page.locator('.job-id')).toContainText(`of array ${first}`);
});

test('a waiting job is held and released, and says why it waits', async ({ page, berth }) => {
  const blocker = await berth.submit('sleep 300', { gpus: 16, name: 'blocker' });
  const id = await berth.submit('true', { gpus: 8, name: 'waits' });
  await page.goto(`/jobs/${id}`);
  await hydrated(page);
  const head = page.locator('.job-head');
  await expect(head.locator('.badge')).toHaveText('Queued');
  await expect(head.locator('.job-reason')).toContainText('GPUs');
  await head.getByRole('button', { name: `Hold job ${id}` }).click();
  await expect(head.locator('.badge')).toHaveText('Held');
  await expect(page.locator('.notices')).toContainText(`Job ${id} is held`);
  await head.getByRole('button', { name: `Release job ${id}` }).click();
  await expect(head.locator('.badge')).toHaveText('Queued');
  await berth.api('cancel_job', { id: blocker });
  await expect(head.locator('.badge')).toHaveText('Succeeded');
});

test('the planner says when a job would start, and what would let it start sooner', async ({ page, berth }) => {
  await page.goto('/submit');
  await hydrated(page);
  await expect(page.locator('.starts')).toHaveText('Would start now.');
  const holder = await berth.submit('sleep 300', { gpus: 12, nodes: null, name: 'holder', time_limit: '6h' });
  const id = await berth.submit('true', { gpus: 16, name: 'whole cluster' });
  await page.getByLabel('GPUs', { exact: true }).fill('16');
  await expect(page.locator('.starts')).toHaveText(/^Would start .*\d\d:\d\d/);
  await page.goto(`/jobs/${id}`);
  await hydrated(page);
  await expect(page.locator('.job-reason')).toContainText(/Starts .*\d\d:\d\d/);
  const sooner = page.locator('.sooner');
  await expect(sooner).toContainText('holder of admin holds');
  await expect(sooner).toContainText(/On \d+ GPUs? it starts now/);
  await berth.api('cancel_job', { id: holder });
  await expect(page.locator('.job-head .badge')).toHaveText('Succeeded');
  await expect(sooner).toHaveCount(0);
});

test('the form says what is wrong as it is typed, and keeps what was typed', async ({ page, complaints }) => {
  await page.goto('/submit');
  await hydrated(page);
  const gpus = page.getByLabel('GPUs', { exact: true });
  await gpus.fill('17');
  // Pressed with the pointer while the field has the focus: nothing may move away from under it.
  await page.getByRole('button', { name: 'Submit', exact: true }).click();
  await expect(page.locator('#gpus-problem')).toContainText('16');
  await expect(gpus).toHaveAttribute('aria-invalid', 'true');
  await expect(page.locator('#command-problem')).toContainText('command is empty');
  await expect(page).toHaveURL(/\/submit$/);
  await page.getByLabel('Command', { exact: true }).fill('python "train.py');
  await expect(page.locator('#command-problem')).toContainText('is not closed');
  await page.getByText('More', { exact: true }).click();
  await page.getByLabel('Environment').fill('nonsense');
  await page.getByLabel('Environment').blur();
  await expect(page.locator('#env-problem')).toContainText('NAME=VALUE');
  await expect(gpus).toHaveValue('17');
  // The server refuses what only it can know, at the field.
  await page.getByLabel('Command', { exact: true }).fill('true');
  await page.getByLabel('Environment').fill('');
  await gpus.fill('1');
  await page.getByLabel('After').fill('999999');
  await page.getByRole('button', { name: 'Submit', exact: true }).click();
  await expect(page.locator('#after-problem')).toContainText('no job 999999');
  await expect(page.getByLabel('Command', { exact: true })).toHaveValue('true');
  // What the network refused is no defect of the page.
  complaints.expected('400');
});

test('a job is submitted again with changes', async ({ page, berth }) => {
  const fields = { gpus: 2, name: 'again', time_limit: '30m', env: { A: '1' } };
  const { id } = (await berth.api('submit_job', { command: ['echo', 'once'], ...fields })).job;
  await page.goto(`/jobs/${id}`);
  await hydrated(page);
  await page.getByRole('link', { name: 'Submit again' }).click();
  await expect(page.getByLabel('Command', { exact: true })).toHaveValue('echo once');
  await expect(page.getByLabel('GPUs', { exact: true })).toHaveValue('2');
  await page.getByLabel('Command', { exact: true }).fill('echo twice');
  await page.getByRole('button', { name: 'Submit', exact: true }).click();
  await expect(page).not.toHaveURL(new RegExp(`/jobs/${id}$`));
  await expect(page.getByRole('log')).toContainText('twice');
  await expect(page.locator('.spec')).toContainText('A=1');
});

test('jobs are filtered by owner, state and text, in the address', async ({ page, berth }) => {
  const ana = berth.addUser('ana');
  const hers = await berth.submit('sleep 300', { name: 'needle' }, ana);
  const mine = await berth.submit('true', { name: 'hay', hold: true });
  await page.goto('/jobs?state=live');
  await hydrated(page);
  await expect(page.locator(`tr[data-job="${mine}"]`)).toBeVisible();
  await expect(page.locator(`tr[data-job="${hers}"]`)).toHaveCount(0);
  await page.getByRole('radio', { name: 'All' }).check();
  await expect(page).toHaveURL(/user=all/);
  await expect(page.locator(`tr[data-job="${hers}"]`)).toBeVisible();
  await page.getByLabel('Name or number').fill('needle');
  await expect(page).toHaveURL(/text=needle/);
  await expect(page.locator(`tr[data-job="${mine}"]`)).toHaveCount(0);
  await page.getByLabel('Name or number').fill('nothing of this name');
  await expect(page.getByText('No job fits this filter.')).toBeVisible();
  await page.getByLabel('Name or number').fill('');
  await page.getByLabel('State').selectOption('Held');
  await expect(page.locator(`tr[data-job="${mine}"]`)).toBeVisible();
  await expect(page.locator(`tr[data-job="${hers}"]`)).toHaveCount(0);
});

test('somebody else may look at a job and not touch it', async ({ browser, berth }) => {
  const id = await berth.submit('sleep 300', { name: 'not yours' });
  const token = berth.addUser('bo');
  const context = await browser.newContext({ baseURL: berth.url });
  const page = await context.newPage();
  await page.goto('/login');
  await page.getByLabel('Or paste a token').fill(token);
  await page.getByRole('button', { name: 'Use the token' }).click();
  await page.goto(`/jobs/${id}`);
  await hydrated(page);
  await expect(page.getByRole('heading', { level: 1, name: 'not yours' })).toBeVisible();
  await expect(page.getByRole('button', { name: `Cancel job ${id}` })).toHaveCount(0);
  await context.close();
});

test('everything can be done with keys', async ({ page, berth }) => {
  const first = await berth.submit('sleep 300', { name: 'older' });
  const second = await berth.submit('sleep 300', { name: 'newer' });
  await page.goto('/jobs?state=live');
  await hydrated(page);
  await page.keyboard.press('j');
  await expect(page.locator(`tr[data-job="${second}"] [data-row-link]`)).toBeFocused();
  await page.keyboard.press('j');
  await expect(page.locator(`tr[data-job="${first}"] [data-row-link]`)).toBeFocused();
  await page.keyboard.press('k');
  await page.keyboard.press('x');
  await expect(page.getByRole('dialog')).toContainText(`Cancel job ${second}`);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('/');
  await expect(page.getByLabel('Name or number')).toBeFocused();
  await page.keyboard.press('Escape');
  await page.getByLabel('Name or number').blur();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toContainText('Keys');
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/jobs\/\d+$/);
  await expect(page.getByRole('log')).toBeVisible();
  await page.keyboard.press('l');
  await expect(page.getByRole('log')).toBeFocused();
});

test('a log is searched, followed and downloaded', async ({ page, berth }) => {
  const id = await berth.submit('i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo "step $i loss 0.$i"; done; printf "50%%\\r100%%\\ndone\\n"');
  await page.goto(`/jobs/${id}`);
  await hydrated(page);
  const log = page.getByRole('log');
  await expect(log).toContainText('done');
  await expect(log).toContainText('100%');
  await expect(log).not.toContainText('50%\r');
  await page.getByLabel('Search the log').fill('step 7 ');
  await expect(page.locator('.log-found')).toHaveText('1 of 1');
  await expect(page.locator('.log-here')).toBeInViewport();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download the log' }).click(),
  ]);
  const text = await (await download.createReadStream())?.toArray();
  expect(Buffer.concat(text ?? []).toString()).toContain('50%\r100%\ndone\n');
});

test('what is not there is said, with the right status', async ({ page, complaints }) => {
  const nowhere = await page.goto('/nowhere');
  expect(nowhere?.status()).toBe(404);
  await expect(page.getByRole('heading', { name: 'There is no page here' })).toBeVisible();
  const unknown = await page.goto('/jobs/999999');
  expect(unknown?.status()).toBe(404);
  await expect(page.getByRole('alert')).toContainText('999999');
  const word = await page.goto('/jobs/abc');
  expect(word?.status()).toBe(404);
  complaints.expected('404');
});
