// Agents: made, watched, approved, taken back and stopped on their page, by an admin and by whom they act for;
// what the agent itself is told meanwhile; by mouse and by keys.

import type { Browser, Page } from '@playwright/test';

import { violations } from './axe';
import { Berth, expect, hydrated, test } from './server';

const panel = (page: Page, name: string | RegExp) => page.getByRole('region', { name });
const said = (page: Page) => page.locator('.notices');
const agents = (page: Page) => panel(page, /^Agents and their mandates/);
const line = (page: Page, text: string) => panel(page, 'Ledger').locator('.ledger-line', { hasText: text });

test.describe('agents', () => {
  let berth: Berth;
  test.beforeAll(async () => {
    berth = await Berth.start({ simulate: '1x8' });
    berth.addUser('ana');
  });

  test.afterAll(async () => berth?.stop());

  // None are expected of these pages.
  test.beforeEach(({ complaints }) => expect(complaints.all).toEqual([]));

  test.beforeEach(async ({ page }) => {
    await berth.cancelAll();
    await berth.api('resume_agents', {});
    const { agents, open } = await berth.api('list_agents');
    for (const { id } of open) await berth.api('answer_card', { card: id, approve: false });
    for (const { name } of agents) await berth.api('remove_agent', { name });
    await berth.logIn(page);
  });

  const open = async (page: Page, path = '/agent') => {
    await page.goto(`${berth.url}${path}`);
    await hydrated(page);
  };

  /** An agent's token. */
  const make = async (name: string, mandate: Record<string, unknown> = {}, token = berth.token): Promise<string> => {
    const made = await berth.api('set_agent', { name, mandate }, token);
    return made.token;
  };

  const letIn = async (browser: Browser, name: string): Promise<Page> => {
    const { link } = await berth.api('login_link', { name });
    const context = await browser.newContext({ baseURL: berth.url });
    const page = await context.newPage();
    await page.goto(link);
    return page;
  };

  test('the page is found in the rail, by keys and in the palette', async ({ page }) => {
    await page.goto(`${berth.url}/`);
    await hydrated(page);
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Agents' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Agents' })).toBeVisible();
    await page.keyboard.press('g');
    await page.keyboard.press('q');
    await expect(page).toHaveURL(/\/queue$/);
    await page.keyboard.press('g');
    await page.keyboard.press('e');
    await expect(page).toHaveURL(/\/agent$/);
    await page.keyboard.press('Control+k');
    await page.keyboard.type('mandate');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/\/agent$/);
  });

  test('an agent is made, acts, is refused, is approved, and is taken back', async ({ page, complaints }) => {
    await open(page);
    await expect(agents(page)).toContainText('There is no agent yet.');
    await agents(page).getByRole('link', { name: 'Make an agent' }).click();
    const form = page.getByRole('form', { name: 'A new agent' });
    await expect(form.getByLabel('Name', { exact: true })).toBeFocused();
    await form.getByLabel('Name', { exact: true }).fill('Tuner!');
    await form.getByRole('button', { name: 'Make it' }).click();
    await expect(form.locator('#name-problem')).toContainText("An agent's name is 1 to 64 of a-z");
    complaints.expected('400');
    await form.getByLabel('Name', { exact: true }).fill('tuner');
    await form.getByLabel('GPU-hours in all').fill('ten');
    await form.getByRole('button', { name: 'Make it' }).click();
    await expect(form.locator('#gpu_hours-problem')).toContainText('How many GPU-hours?');
    await form.getByLabel('GPU-hours in all').fill('10');
    await form.getByLabel('Ask first above GPU-hours').fill('4');
    await expect(form.getByLabel('May submit', { exact: true })).toBeChecked();
    await expect(form.getByLabel('May reserve', { exact: true })).not.toBeChecked();
    await form.getByRole('button', { name: 'Make it' }).click();
    await expect(said(page)).toContainText('tuner can begin.');
    await expect(form).toHaveCount(0);

    // The token, once, and the lines that connect what is to act.
    const made = page.locator('.token-made');
    await expect(made).toContainText('The token of tuner. It is not shown again.');
    await expect(made).toBeFocused();
    const token = await made.locator('code').first().innerText();
    await expect(made).toContainText(`claude mcp add --transport http berth ${berth.url}/mcp --header "Authorization: Bearer ${token}"`);
    await expect(made).toContainText(`export BERTH_URL=${berth.url} BERTH_TOKEN=${token}`);
    await expect(made.getByRole('button', { name: 'Copy token' })).toBeVisible();
    await made.getByRole('button', { name: 'I have it' }).click();
    await expect(made).toHaveCount(0);

    // What it does is seen without a reload.
    const tuner = page.getByRole('article', { name: 'tuner' });
    await expect(tuner).toContainText('Asks first for what could use more than 4 GPU-hours.');
    const trial = await berth.submit('sleep 600', { gpus: 1, time_limit: '1h', name: 'trial' }, token);
    await expect(line(page, 'Submit trial')).toContainText('done');
    await expect(tuner).toContainText('ahead, of 10');
    await expect(tuner).toContainText('1 of 30');
    expect((await berth.api(`get_job?id=${trial}`)).job.user).toBe('admin');

    await expect(berth.submit('true', { gpus: 8, name: 'too wide' }, token)).rejects.toThrow('may not do this');
    const refused = line(page, 'Submit too wide');
    await expect(refused).toContainText('refused');
    await expect(refused).toContainText('it may have 4 at once');
    await expect(tuner.locator('.meters > div', { hasText: 'Refused this hour' }).locator('dd')).toHaveText('1');

    await expect(berth.submit('sleep 600', { gpus: 2, time_limit: '3h', name: 'big' }, token)).rejects.toThrow('has to approve it first');
    const card = page.getByRole('article', { name: 'Submit big' });
    await expect(card).toContainText('asks admin until');
    await expect(card).toContainText('Asks for 2 GPUs, for 3h at most.');
    await expect(card.locator('code')).toContainText('berth submit -g 2 -t 3h -J big');
    await expect(page.locator('.rail-count')).toContainText('1');
    await card.getByRole('button', { name: /^Approve/ }).click();
    await expect(said(page)).toContainText('is approved.');
    await expect(card).toHaveCount(0);
    await expect(panel(page, /^Waits for an answer/)).toContainText('Nothing waits for an answer.');
    await expect(page.locator('.rail-count')).toHaveCount(0);
    await expect.poll(async () => (await berth.api('list_jobs?user=all&text=big')).jobs.length).toBe(1);
    await expect(line(page, 'Submit big')).toContainText('done');

    // A line opens to the whole card, and stays open when it changes.
    const mine = line(page, 'Submit trial');
    await mine.locator('summary').click();
    await expect(mine.locator('.decision-facts')).toContainText('Asks for 1 GPU, for 1h at most.');
    await expect(mine.locator('.decision-facts')).toContainText('Can be taken back until');
    await mine.getByRole('button', { name: /^Undo/ }).click();
    await expect(mine).toContainText('taken back');
    await expect(mine.locator('.decision-facts')).toContainText('Taken back by admin');
    await expect(mine.getByRole('button', { name: /^Undo/ })).toHaveCount(0);
    await expect.poll(async () => (await berth.api(`get_job?id=${trial}`)).job.outcome).toBe('Cancelled');
  });

  test('all are stopped at once, and go on', async ({ page }) => {
    const token = await make('tuner');
    await open(page);
    const knob = panel(page, 'The switch');
    await expect(knob).toContainText("Agents and Berth's own rules may act. 1 agent acts; no rule acts.");
    const job = await berth.submit('sleep 600', { gpus: 1, time_limit: '1h' }, token);
    await knob.getByLabel('Why all are stopped').fill('it went wild');
    await knob.getByRole('button', { name: 'Stop all' }).click();
    await expect(knob).toContainText('All agents and rules are stopped, by admin');
    await expect(knob).toContainText('it went wild');
    await expect(berth.submit('true', { gpus: 1, time_limit: '1h' }, token)).rejects.toThrow('admin stopped it: it went wild');
    await expect(page.getByRole('article', { name: 'tuner' })).toContainText('It is stopped with all others.');
    await expect(panel(page, "Berth's own rules")).toContainText('Stopped with all agents');
    // What it had begun goes on.
    expect((await berth.api(`get_job?id=${job}`)).job.state).not.toBe('Finished');
    await knob.getByRole('button', { name: 'Let them go on' }).click();
    await expect(knob).toContainText('may act');
    await berth.submit('true', { gpus: 1, time_limit: '1h' }, token);

    // With its jobs, after a question.
    await knob.getByLabel('Why all are stopped').fill('once more');
    await knob.getByLabel('cancel their jobs too').check();
    await knob.getByRole('button', { name: 'Stop all' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Keep it' }).click();
    await expect(knob).toContainText('may act');
    await knob.getByRole('button', { name: 'Stop all' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop and cancel' }).click();
    await expect(knob).toContainText('once more');
    await expect.poll(async () => (await berth.api(`get_job?id=${job}`)).job.outcome).toBe('Cancelled');
  });

  test('a mandate is changed, another token made, and the agent removed', async ({ page }) => {
    await make('tuner', { commands: [{ command: 'python train.py --lr {float}', workdir: '/data' }] });
    await open(page);
    const tuner = page.getByRole('article', { name: 'tuner' });
    await expect(tuner).toContainText('python train.py --lr {float}');
    await tuner.getByRole('link', { name: 'Change the mandate of tuner' }).click();
    await expect(page).toHaveURL(/edit=tuner/);
    const form = tuner.getByRole('form', { name: 'The mandate of tuner' });
    await expect(form.getByLabel('GPU-hours in all')).toHaveValue('24');
    await expect(form.getByLabel('Commands')).toHaveValue(/python train\.py --lr \{float\}/);
    await form.getByLabel('GPUs at once').fill('2');
    await form.getByLabel('Hours of the day').fill('22:00-06:00');
    await form.getByLabel('May cancel', { exact: true }).uncheck();
    await form.getByLabel('Asks before it may move').check();
    await form.getByLabel('All jobs of its person').check();
    await form.getByRole('button', { name: 'Save the mandate' }).click();
    await expect(form).toHaveCount(0);
    await expect(tuner).toContainText('0 of 2');
    await expect(tuner).toContainText('Acts only 22:00-06:00 UTC.');
    await expect(tuner).toContainText('all jobs of admin');
    await expect(tuner).toContainText('Asks each time before: move.');
    const { agents: all } = await berth.api('list_agents');
    // What has no field stays.
    expect(all[0].mandate.commands).toEqual([{ command: 'python train.py --lr {float}', workdir: '/data' }]);
    expect(all[0].mandate.actions).not.toContain('cancel');

    await tuner.getByRole('button', { name: 'New token for tuner' }).click();
    await expect(page.locator('.token-made')).toContainText('The token of tuner');
    const token = await page.locator('.token-made code').first().innerText();
    await tuner.getByRole('button', { name: 'Remove tuner' }).click();
    await expect(page.getByRole('dialog')).toContainText('Its tokens end at once');
    await page.getByRole('dialog').getByRole('button', { name: 'Remove the agent' }).click();
    await expect(tuner).toHaveCount(0);
    await expect(berth.submit('true', {}, token)).rejects.toThrow('401');
  });

  test('who is no admin stops their own agents and sees the rest', async ({ browser }) => {
    const ana = berth.addUser('ana');
    const token = await make('ana-bot', {}, ana);
    await make('tuner');
    const page = await letIn(browser, 'ana');
    await open(page);
    const knob = panel(page, 'The switch');
    await expect(knob).toContainText('Only an admin stops all of them.');
    await expect(page.getByRole('button', { name: 'Stop all' })).toHaveCount(0);
    await expect(panel(page, "Berth's own rules").locator('form')).toHaveCount(0);
    await expect(panel(page, "Berth's own rules").locator('[data-rule=requeue_lost]')).toContainText('shadow');
    // Theirs first, and nothing to press on others'.
    await expect(agents(page).locator('.agent h3')).toHaveText(['ana-bot', 'tuner']);
    await expect(page.getByRole('article', { name: 'tuner' }).locator('.actions')).toHaveCount(0);

    await knob.locator('summary').click();
    await knob.getByLabel('Why ana-bot is stopped').fill('it submits nonsense');
    await knob.locator('form').getByRole('button', { name: 'Stop ana-bot' }).click();
    await expect(knob.locator('li')).toContainText('stopped');
    const own = page.getByRole('article', { name: 'ana-bot' });
    await expect(own).toContainText('Stopped, by ana');
    await expect(berth.submit('true', {}, token)).rejects.toThrow('ana stopped it: it submits nonsense');
    await own.getByRole('button', { name: 'Let ana-bot go on' }).click();
    await expect(own).toContainText('acting');
    await berth.submit('true', {}, token);

    // What asks somebody else is seen, and not answered.
    const asks = await make('asks', { approval: { actions: ['submit'] } });
    await expect(berth.submit('true', { name: 'asked' }, asks)).rejects.toThrow('approve');
    const card = page.getByRole('article', { name: 'Submit asked' });
    await expect(card).toContainText('Only admin, a lead or an admin can answer.');
    await expect(card.getByRole('button')).toHaveCount(0);
    await expect(page.locator('.rail-count')).toHaveCount(0);
    await page.context().close();
  });

  test('how far a rule goes is set, for all and for a project', async ({ page }) => {
    await open(page);
    const rules = panel(page, "Berth's own rules");
    const lost = rules.locator('[data-rule=requeue_lost]');
    await lost.getByLabel('Mode of Lost nodes', { exact: true }).selectOption('suggest');
    await lost.getByRole('button', { name: 'Set the mode of Lost nodes' }).click();
    await expect(said(page)).toContainText('The mode is set.');
    await expect(panel(page, 'The switch')).toContainText('1 asks first');
    await rules.getByText('Another mode for a project').click();
    const own = rules.locator('.own-mode');
    await own.getByLabel('Rule').selectOption('requeue_lost');
    await own.getByLabel('Project').fill('vision');
    await own.getByLabel('Mode').selectOption('act');
    await own.getByRole('button', { name: 'Set' }).click();
    await expect(lost.locator('[data-project=vision]')).toContainText('vision: act');
    await lost.getByRole('button', { name: 'Lost nodes in vision as for all' }).click();
    await expect(lost.locator('[data-project=vision]')).toHaveCount(0);
    await lost.getByLabel('Mode of Lost nodes', { exact: true }).selectOption('shadow');
    await lost.getByRole('button', { name: 'Set the mode of Lost nodes' }).click();
    await expect(panel(page, 'The switch')).not.toContainText('asks first');
  });

  test('the ledger is filtered and paged by its address', async ({ page }) => {
    const token = await make('many');
    for (let n = 0; n < 55; n += 1) {
      await berth.submit('true', { gpus: 8, name: `wide-${n}` }, token).catch(() => {});
    }
    await berth.submit('true', { gpus: 1, name: 'fits' }, token);
    await open(page);
    const ledger = panel(page, 'Ledger');
    await ledger.getByLabel('By whom').selectOption('many');
    await expect(page).toHaveURL(/by=many/);
    await expect(ledger.locator('.ledger-line')).toHaveCount(50);
    await expect(ledger.locator('.ledger-line').first()).toContainText('Submit fits');
    await ledger.getByLabel('State').selectOption('refused');
    await expect(ledger.locator('.ledger-line').first()).toContainText('Submit wide-54');
    await ledger.getByRole('link', { name: 'Older' }).click();
    await expect(ledger.locator('.ledger-line')).toHaveCount(5);
    await expect(ledger.locator('.ledger-line').last()).toContainText('Submit wide-0');
    await page.reload();
    await hydrated(page);
    await expect(ledger.locator('.ledger-line')).toHaveCount(5);
    await expect(ledger.getByLabel('State')).toHaveValue('refused');
    await ledger.getByRole('link', { name: 'Newest' }).click();
    await expect(ledger.locator('.ledger-line')).toHaveCount(50);
    await page.getByRole('article', { name: 'many' }).getByRole('link', { name: 'What many did' }).click();
    await expect(page).toHaveURL(/by=many/);
    await open(page, '/agent?by=nobody');
    await expect(ledger).toContainText('Nothing fits this filter.');
    await open(page, '/agent?state=odd');
    await expect(ledger.getByRole('alert')).toContainText("'odd' is not a state");
  });

  test('all of it is done by keys alone', async ({ page }) => {
    const token = await make('keys', { approval: { actions: ['submit'] } });
    await berth.submit('true', { name: 'by keys' }, token).catch(() => {});
    await open(page);
    const approve = page.getByRole('article', { name: 'Submit by keys' }).getByRole('button', { name: /^Approve/ });
    await approve.focus();
    await page.keyboard.press('Enter');
    // What was pressed is gone: one goes on where it was.
    await expect(page.getByRole('heading', { name: /^Waits for an answer/ })).toBeFocused();
    await page.keyboard.press('j');
    const first = panel(page, 'Ledger').locator('.ledger-line').first();
    await expect(first.locator('summary')).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(first.locator('details')).toHaveAttribute('open', '');
    await expect(first.locator('.decision-facts')).toContainText('Approved by admin');

    const stop = panel(page, 'The switch').getByLabel('Why all are stopped');
    await stop.focus();
    await page.keyboard.type('by keys');
    await page.keyboard.press('Enter');
    await expect(page.locator('#switch-state')).toBeFocused();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect(page.locator('#switch-state')).toContainText('may act');

    const change = page.getByRole('link', { name: 'Change the mandate of keys' });
    await change.focus();
    await page.keyboard.press('Enter');
    await expect(page.getByLabel('GPU-hours in all')).toBeFocused();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('7');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { name: 'keys', exact: true })).toBeFocused();
    await expect(page.getByRole('article', { name: 'keys', exact: true })).toContainText('of 7');
  });

  test('it is no wider than the smallest phone, whatever is open', async ({ page }) => {
    const commands = [{ command: `python train.py --name ${'x'.repeat(120)} --lr {float}` }];
    const token = await make('a'.repeat(64), { commands, approval: { actions: ['submit'] } });
    await berth.api('submit_job', { command: ['python', 'train.py', '--name', 'x'.repeat(120), '--lr', '1'], name: 'y'.repeat(120) }, token).catch(() => {});
    await berth.submit('true', { name: 'z'.repeat(120) }, token).catch(() => {});
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of ['/agent', '/agent?new=1', `/agent?edit=${'a'.repeat(64)}`]) {
      await open(page, path);
      for (const summary of await page.locator('main summary').all()) await summary.click();
      const wide = await page.evaluate(() => {
        const beyond = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > window.innerWidth + 0.5);
        const surplus = document.documentElement.scrollWidth > window.innerWidth;
        return surplus ? beyond.slice(0, 12).map((one) => `${one.tagName}.${one.className}`) : [];
      });
      expect(wide, path).toEqual([]);
      expect(await violations(page), path).toEqual([]);
    }
    const bar = page.getByRole('navigation', { name: 'Main' }).getByRole('listitem');
    for (const place of await bar.all()) {
      const box = await place.boundingBox();
      expect(box && box.x >= 0 && box.x + box.width <= 360.5).toBe(true);
    }
  });
});
