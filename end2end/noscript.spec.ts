// Without script: the same pages are rendered by the server, and every action is a plain form.

import { grid, told } from './campaign';
import { expect, test } from './server';

test.use({ javaScriptEnabled: false });

test.beforeEach(async ({ berth }) => {
  await berth.cancelAll();
});

test('the pages are whole without script', async ({ page, berth }) => {
  await berth.logIn(page);
  const id = await berth.submit('echo hello from a job', { gpus: 2, name: 'plain' });
  await expect.poll(async () => (await berth.api(`get_job?id=${id}`)).job.state).toBe('Finished');

  await page.goto('/');
  await expect(page.locator('.tile')).toHaveCount(16);
  await expect(page.locator('.simulated')).toBeVisible();
  await page.goto('/jobs');
  await expect(page.locator(`tr[data-job="${id}"]`)).toContainText('Succeeded');
  await page.getByRole('link', { name: `Job ${id}, plain` }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'plain' })).toBeVisible();
  await expect(page.getByRole('log')).toContainText('hello from a job');
});

test('no page fails, however often it is asked for', async ({ berth }) => {
  const headers = { authorization: `Bearer ${berth.token}` };
  const { id } = await berth.api('start_campaign', grid('plain', told, [1, 2, 3]));
  for (const path of ['/', '/jobs?user=all', '/timeline', '/timeline?view=week', '/cluster', '/agent', '/agent/ask', '/agent/campaigns', `/agent/campaigns/${id}`, '/admin', '/submit', '/login']) {
    const ask = () => fetch(`${berth.url}${path}`, { headers }).then((answer) => answer.status);
    for (let round = 0; round < 10; round += 1) {
      expect(await Promise.all(Array.from({ length: 8 }, ask)), path).toEqual(Array(8).fill(200));
    }
  }
});

test('a job is submitted, held, released and cancelled without script', async ({ page, berth }) => {
  await berth.logIn(page);
  await page.goto('/submit');
  await page.getByLabel('GPUs', { exact: true }).fill('99');
  await page.getByLabel('Command', { exact: true }).fill('sleep 300');
  await page.getByRole('button', { name: 'Submit', exact: true }).click();
  // Refused, with everything that was typed.
  await expect(page.locator('#gpus-problem')).toContainText('99');
  await expect(page.getByLabel('Command', { exact: true })).toHaveValue('sleep 300');
  await page.getByLabel('GPUs', { exact: true }).fill('1');
  await page.getByText('More', { exact: true }).click();
  await page.getByLabel('Hold').check();
  await page.getByRole('button', { name: 'Submit', exact: true }).click();
  await expect(page).toHaveURL(/\/jobs\/\d+$/);
  const badge = page.locator('.job-head .badge');
  await expect(badge).toHaveText('Held');
  await page.getByRole('button', { name: /^Release/ }).click();
  await expect(badge).toHaveText(/Queued|Starting|Running/);
  await page.getByRole('button', { name: /^Cancel/ }).click();
  await expect(badge).toHaveText(/Stopping|Cancelled/);
});

test('an agent is made, approved, taken back, stopped and removed without script', async ({ page, berth }) => {
  await berth.logIn(page);
  await page.goto('/agent');
  await page.getByRole('link', { name: 'Make an agent' }).click();
  let form = page.getByRole('form', { name: 'A new agent' });
  await form.getByLabel('Name', { exact: true }).fill('plain-bot');
  await form.getByLabel('Hours of the day').fill('at night');
  await form.getByLabel('May cancel', { exact: true }).uncheck();
  await form.getByLabel('Asks before it may submit').check();
  await form.getByRole('button', { name: 'Make it' }).click();
  // Refused, with everything that was typed.
  form = page.getByRole('form', { name: 'A new agent' });
  await expect(form.locator('#hours-problem')).toContainText("'at night' is no time of the day");
  await expect(form.getByLabel('Name', { exact: true })).toHaveValue('plain-bot');
  await expect(form.getByLabel('May cancel', { exact: true })).not.toBeChecked();
  await form.getByLabel('Hours of the day').fill('');
  await form.getByRole('button', { name: 'Make it' }).click();
  await expect(page.getByRole('heading', { name: 'Token of plain-bot' })).toBeVisible();
  const token = await page.locator('code').first().innerText();
  expect(page.url()).not.toContain(token);
  await page.getByRole('link', { name: 'Back to Agents' }).click();

  await berth.submit('sleep 300', { name: 'asked', time_limit: '1h' }, token).catch(() => {});
  await page.goto('/agent');
  await page.getByRole('article', { name: 'Submit asked' }).getByRole('button', { name: /^Approve/ }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Approved.' })).toBeVisible();
  const { jobs } = await berth.api('list_jobs?user=all&text=asked');
  expect(jobs).toHaveLength(1);

  const agent = page.getByRole('article', { name: 'plain-bot' });
  await agent.getByRole('link', { name: 'Change the mandate of plain-bot' }).click();
  form = page.getByRole('form', { name: 'The mandate of plain-bot' });
  await form.getByLabel('GPUs at once').fill('2');
  await form.getByLabel('Asks before it may submit').uncheck();
  await form.getByRole('button', { name: 'Save the mandate' }).click();
  await expect(agent).toContainText('of 2');
  const done = await berth.submit('sleep 300', { name: 'undone', time_limit: '1h' }, token);
  await page.goto('/agent?by=plain-bot');
  const line = page.locator('.ledger-line', { hasText: 'Submit undone' });
  await line.locator('summary').click();
  await expect(line.locator('.decision-facts')).toContainText('Can be taken back until');
  await line.getByRole('button', { name: /^Undo/ }).click();
  await expect.poll(async () => (await berth.api(`get_job?id=${done}`)).job.outcome).toBe('Cancelled');

  const knob = page.getByRole('region', { name: 'The switch' });
  await knob.getByLabel('Why all are stopped').fill('a look');
  await knob.getByRole('button', { name: 'Stop all' }).click();
  await expect(knob).toContainText('All agents and rules are stopped');
  await expect(berth.submit('true', {}, token)).rejects.toThrow('a look');
  await knob.getByRole('button', { name: 'Let them go on' }).click();
  await expect(knob).toContainText('may act');

  const lost = page.locator('[data-rule=requeue_lost]');
  await lost.getByLabel('Mode of Lost nodes', { exact: true }).selectOption('off');
  await lost.getByRole('button', { name: 'Set the mode of Lost nodes' }).click();
  await expect(lost.getByLabel('Mode of Lost nodes', { exact: true })).toHaveValue('off');
  await lost.getByLabel('Mode of Lost nodes', { exact: true }).selectOption('shadow');
  await lost.getByRole('button', { name: 'Set the mode of Lost nodes' }).click();

  await page.getByRole('button', { name: 'Remove plain-bot' }).click();
  await expect(agent).toHaveCount(0);
});
