// Talks with the assistant on their page: asked, read as they come, stopped, approved, read again and forgotten.

import type { Browser, Page } from '@playwright/test';

import { violations } from './axe';
import { Model, type Reply } from './model';
import { Berth, expect, hydrated, test } from './server';

const log = (page: Page) => page.getByRole('log', { name: 'What was said' });
const field = (page: Page) => page.getByLabel('Your question');
const asks = (page: Page) => page.getByRole('button', { name: 'Ask', exact: true });
const stop = (page: Page) => page.getByRole('button', { name: 'Stop', exact: true });
/** What a screen reader is told. */
const heard = (page: Page) => page.locator('.talk').getByRole('status');
const talks = (page: Page) => page.getByRole('navigation', { name: 'Talks' });
const fits = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);

test.describe('the assistant', () => {
  let berth: Berth;
  let model: Model;

  test.beforeAll(async () => {
    model = await Model.start();
    berth = await Berth.start({ simulate: '1x8', env: model.env });
  });

  test.afterAll(async () => {
    await berth?.stop();
    model?.stop();
  });

  // None are expected of these pages.
  test.beforeEach(({ complaints }) => expect(complaints.all).toEqual([]));

  test.beforeEach(async ({ page }) => {
    await berth.cancelAll();
    const { talks } = await berth.api('talks');
    for (const { id } of talks) await berth.api('forget_talk', { talk: id });
    model.replies = [];
    await berth.logIn(page);
  });

  const open = async (page: Page, path = '/agent/ask') => {
    await page.goto(`${berth.url}${path}`);
    await hydrated(page);
  };

  const ask = (question: string, ...replies: Reply[]) => model.asked(berth, question, ...replies);

  test('the page is found among the agents and in the palette', async ({ page }) => {
    await open(page, '/agent');
    const tabs = page.getByRole('navigation', { name: 'Agents' });
    await expect(tabs.getByRole('link', { name: 'Overview' })).toHaveAttribute('aria-current', 'page');
    await tabs.getByRole('link', { name: 'Ask' }).click();
    await expect(page).toHaveURL(/\/agent\/ask$/);
    await expect(tabs.getByRole('link', { name: 'Ask' })).toHaveAttribute('aria-current', 'page');
    await expect(page.getByRole('heading', { level: 1, name: 'Ask' })).toBeVisible();
    await page.goto(`${berth.url}/queue`);
    await hydrated(page);
    await page.keyboard.press('Control+k');
    await page.keyboard.type('assistant');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/\/agent\/ask$/);
  });

  test('a question is answered piece by piece, what it asks for is approved, and all is read again', async ({ page }) => {
    const job = await berth.submit('sleep 600', { gpus: 1, time_limit: '1h', name: 'trial' });
    let goOn = () => {};
    const held = new Promise<void>((done) => (goOn = done));
    model.replies = [
      { calls: 'queue', with: { whose: 'mine' } },
      { calls: 'cancel', with: { id: job } },
      { says: [`Job ${job} `, 'runs.', held, '\n\n- `sleep 600`\n- <b>1 GPU</b>'] },
    ];
    await open(page);
    await page.getByRole('button', { name: 'What is idle right now?' }).click();
    await expect(field(page)).toHaveValue('What is idle right now?');
    await expect(field(page)).toBeFocused();
    await field(page).fill('Cancel what');
    await field(page).press('Shift+Enter');
    await field(page).pressSequentially('does nothing.');
    await field(page).press('Enter');

    // Who does not look is told that it comes, and all of it once it is there.
    await expect(heard(page)).toHaveText('Berth answers…');
    await expect(log(page)).toContainText('Cancel what\ndoes nothing.');
    await expect(page).toHaveURL(/\/agent\/ask\/\d+$/);
    await expect(log(page)).toContainText(`Job ${job} runs.`);
    await expect(log(page)).toHaveAttribute('aria-busy', 'true');
    await expect(stop(page)).toBeVisible();
    await expect(log(page).locator('[data-tool=queue]')).toContainText('ok');
    await expect(log(page).locator('[data-tool=cancel]')).toContainText('refused');
    goOn();
    await expect(log(page)).toHaveAttribute('aria-busy', 'false');
    await expect(heard(page)).toContainText(`Berth: Job ${job} runs.`);
    await expect(heard(page)).toContainText(/Card \d+: Cancel/);
    // What a model writes is text.
    await expect(log(page).locator('.prose li')).toHaveText(['sleep 600', '<b>1 GPU</b>']);
    await expect(log(page).getByRole('link', { name: `Job ${job}` }).first()).toHaveAttribute('href', `/jobs/${job}`);
    await expect(log(page).locator('.turn-cost')).toContainText('3,000 tokens read, 300 written');
    await expect(asks(page)).toBeVisible();
    await expect(talks(page).getByRole('link')).toHaveText([/Cancel what does nothing\./]);

    const card = log(page).locator('.decision');
    await expect(card).toContainText('asks admin until');
    expect(await violations(page)).toEqual([]);
    await card.getByRole('button', { name: /^Approve/ }).click();
    await expect(page.locator('.notices')).toContainText('is approved.');
    await expect(card).toHaveCount(0);
    await expect(field(page)).toBeFocused();
    await expect.poll(async () => (await berth.api(`get_job?id=${job}`)).job.outcome).toBe('Cancelled');

    await page.reload();
    await hydrated(page);
    await expect(log(page)).toContainText(`Job ${job} runs.`);
    await expect(log(page).locator('.step')).toHaveCount(2);
    await log(page).locator('.approval').getByRole('link', { name: 'What came of it' }).click();
    await expect(page.getByRole('region', { name: 'Ledger' }).locator('.ledger-line').first()).toContainText('done');
  });

  test('an answer is stopped, by the button and by Escape, and the talk goes on at once', async ({ page }) => {
    const never = new Promise(() => {});
    model.replies = [{ says: ['Slowly ', never] }, { says: ['Slower ', never] }, { says: ['All is well.'] }];
    await open(page);
    await field(page).fill('What runs?');
    await asks(page).click();
    await expect(log(page)).toContainText('Slowly');
    // One question at a time.
    await field(page).fill('And now?');
    await field(page).press('Enter');
    await expect(field(page)).toHaveValue('And now?');
    await stop(page).click();
    await expect(log(page)).toContainText('You stopped it here.');
    await expect(field(page)).toBeFocused();
    await field(page).press('Enter');
    await expect(log(page)).toContainText('Slower');
    await field(page).fill('And at last?');
    await field(page).press('Escape');
    await expect(log(page).getByText('You stopped it here.')).toHaveCount(2);
    await expect(field(page)).toHaveValue('And at last?');
    await field(page).press('Enter');
    await expect(log(page)).toContainText('All is well.');
    await expect(asks(page)).toBeVisible();
    const talk = new URL(page.url()).pathname.split('/').pop();
    const { messages } = await berth.api(`talk?id=${talk}`);
    const texts = messages.map(({ text }: { text: string }) => text);
    expect(texts).toEqual(['What runs?', 'Slowly', 'And now?', 'Slower', 'And at last?', 'All is well.']);
  });

  /** Asks something, and has the first half of the answer; what is returned has the rest come. */
  async function halfAnswered(page: Page): Promise<() => void> {
    let goOn = () => {};
    const held = new Promise<void>((done) => (goOn = done));
    model.replies = [{ says: ['Much ', held, 'later.'] }];
    await open(page);
    await field(page).fill('What runs?');
    await field(page).press('Enter');
    await expect(log(page)).toContainText('Much');
    return goOn;
  }

  test('an answer goes on where its page is left, and other talks say where it is', async ({ page }) => {
    const goOn = await halfAnswered(page);
    await expect(page).toHaveURL(/\/agent\/ask\/\d+$/);
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Queue' }).click();
    await expect(page).toHaveURL(/\/queue$/);
    await page.goBack();
    await expect(log(page)).toContainText('Much');
    await expect(log(page)).toHaveAttribute('aria-busy', 'true');
    await page.getByRole('link', { name: 'New talk' }).click();
    await expect(page.locator('.composer')).toContainText('Berth answers in another talk.');
    await page.getByRole('link', { name: 'another talk' }).click();
    goOn();
    await expect(log(page)).toContainText('Much later.');
    await expect(asks(page)).toBeVisible();
    await expect(log(page).locator('.turn')).toHaveCount(2);
  });

  test('an answer that ends while its talk is looked up is there', async ({ page }) => {
    const goOn = await halfAnswered(page);
    await page.getByRole('link', { name: 'New talk' }).click();
    await expect(page.locator('.composer')).toContainText('Berth answers in another talk.');

    // What is kept is read before the answer is over, and comes after.
    let found = () => {};
    const asked = new Promise<void>((done) => (found = done));
    let release = () => {};
    const released = new Promise<void>((done) => (release = done));
    await page.route('**/api/talk?*', async (route) => {
      const response = await route.fetch();
      found();
      await released;
      await route.fulfill({ response });
    });
    await page.getByRole('link', { name: 'another talk' }).click();
    await asked;
    goOn();
    await expect(asks(page)).toBeVisible();
    release();
    await expect(log(page)).toContainText('Much later.');
    await expect(log(page).locator('.turn')).toHaveCount(2);
    await expect(log(page)).toHaveAttribute('aria-busy', 'false');
  });

  test('one goes from talk to talk, begins another and forgets one', async ({ page, complaints }) => {
    const first = await ask('What runs?', { says: ['Nothing at all.'] });
    const second = await ask('What waits?', { says: ['Nobody.'] });
    await open(page, `/agent/ask/${first}`);
    await expect(page.getByRole('heading', { level: 2, name: 'What runs?' })).toBeVisible();
    await expect(log(page)).toContainText('Nothing at all.');
    await talks(page).getByRole('link', { name: 'What waits?' }).click();
    await expect(page).toHaveURL(new RegExp(`/agent/ask/${second}$`));
    await expect(log(page)).toContainText('Nobody.');
    await expect(log(page)).not.toContainText('Nothing at all.');
    await page.getByRole('link', { name: 'New talk' }).click();
    await expect(page).toHaveURL(/\/agent\/ask$/);
    await expect(log(page).locator('.turn')).toHaveCount(0);
    await page.goBack();
    await expect(log(page)).toContainText('Nobody.');
    await talks(page).getByRole('button', { name: 'Forget What waits?' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Forget the talk' }).click();
    await expect(page.locator('.notices')).toContainText('The talk is forgotten.');
    await expect(page).toHaveURL(/\/agent\/ask$/);
    await expect(talks(page).getByRole('link')).toHaveText(['What runs?']);

    const gone = await page.goto(`${berth.url}/agent/ask/${second}`);
    expect(gone?.status()).toBe(404);
    complaints.expected('404');
    await expect(page.locator('.talk').getByRole('alert')).toBeVisible();
    await expect(field(page)).toHaveCount(0);
  });

  test('on a phone and in the dark nothing is cut off or unreadable', async ({ page }) => {
    const long = 'a'.repeat(300);
    const talk = await ask(`Why ${long}?`, { calls: 'job', with: { id: 4711 } }, { says: [`Because ${long}:\n\n| ${long} | b |\n\n\`${long}\``] });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    for (const path of ['/agent/ask', `/agent/ask/${talk}`]) {
      await open(page, path);
      expect(await fits(page), path).toBe(true);
      expect(await violations(page), path).toEqual([]);
    }
  });

  test('without script a talk is read', async ({ browser }) => {
    const talk = await ask('What runs?', { says: ['Nothing at all.'] });
    const page = await plain(browser, berth);
    await page.goto(`${berth.url}/agent/ask/${talk}`);
    await expect(log(page)).toContainText('Nothing at all.');
    await expect(field(page)).toBeHidden();
    await expect(page.getByText('Asking needs JavaScript here.')).toBeVisible();
    await page.context().close();
  });
});

test('without a model the page says how one is set up', async ({ page, berth, complaints }) => {
  await berth.logIn(page);
  await page.goto('/agent/ask');
  await hydrated(page);
  await expect(page.getByText('There is no language model to answer')).toContainText('BERTH_LLM_BASE_URL');
  await expect(field(page)).toHaveCount(0);
  expect(await violations(page)).toEqual([]);
  expect(complaints.all).toEqual([]);
});

/** A page of a browser without script, logged in. */
async function plain(browser: Browser, berth: Berth): Promise<Page> {
  const { link } = await berth.api('login_link', { name: 'admin' });
  const context = await browser.newContext({ baseURL: berth.url, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(link);
  return page;
}
