// A password of one's own: set after a login link, used, changed, and given wrong too often.

import { Berth, expect, hydrated, test } from './server';

const FIRST = 'four plain words suffice';
const SECOND = 'other words than before';

test.describe('passwords', () => {
  let berth: Berth;
  test.beforeAll(async () => {
    berth = await Berth.start({ simulate: '1x2' });
    berth.addUser('ana');
  });
  test.afterAll(async () => berth?.stop());

  // On its host it does not know by which port people reach it.
  const link = () => `${berth.url}/${/Log in: \w+:\/\/[^/]+\/(\S+)/.exec(berth.host('login-link', 'ana'))?.[1]}`;

  test('it is set after an invitation, opens the door, and ends other sessions when it changes', async ({ page, browser, complaints }) => {
    await page.goto(link());
    await page.goto(`${berth.url}/settings`);
    await hydrated(page);
    const panel = page.getByRole('region', { name: 'Password' });
    await expect(panel.getByLabel('Old password'), 'whoever came by a link is not asked').toHaveCount(0);
    await panel.getByLabel('New password').fill('short');
    await panel.getByLabel('The same again').fill('short');
    await panel.getByRole('button', { name: 'Set password' }).click();
    await expect(page.getByRole('alert')).toContainText('12 to 256 characters');
    await panel.getByLabel('New password').fill(FIRST);
    await panel.getByLabel('The same again').fill(FIRST);
    await panel.getByRole('button', { name: 'Set password' }).click();
    await expect(page.getByText('Your password is set')).toBeVisible();

    const other = await (await browser.newContext()).newPage();
    await other.goto(`${berth.url}/login`);
    await other.getByLabel('User name').fill('ana');
    await other.getByLabel('Password').fill(FIRST);
    await other.getByRole('button', { name: 'Log in', exact: true }).click();
    await expect(other).toHaveURL(`${berth.url}/`);
    await other.goto(`${berth.url}/settings`);
    const change = other.getByRole('region', { name: 'Password' });
    await change.getByLabel('Old password').fill('not this one at all');
    await change.getByLabel('New password').fill(SECOND);
    await change.getByLabel('The same again').fill(SECOND);
    await change.getByRole('button', { name: 'Change password' }).click();
    await expect(other.getByRole('alert')).toContainText('wrong');
    await change.getByLabel('Old password').fill(FIRST);
    await change.getByLabel('New password').fill(SECOND);
    await change.getByLabel('The same again').fill(SECOND);
    await change.getByRole('button', { name: 'Change password' }).click();
    await expect(other.getByText('Your password is set')).toBeVisible();

    await page.goto(`${berth.url}/`);
    await expect(page, 'the first browser is out').toHaveURL(/\/login$/);
    complaints.expected('401');
    await other.goto(`${berth.url}/`);
    await expect(other).toHaveURL(`${berth.url}/`);
  });

  test('after too many wrong ones none is looked at, not even the right one, and a link lets in', async ({ page }) => {
    const tries = async (password: string) => {
      await page.goto(`${berth.url}/login`);
      await page.getByLabel('User name').fill('ana');
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Log in', exact: true }).click();
      return page.getByRole('alert');
    };
    for (let wrong = 1; wrong <= 5; wrong += 1) {
      await expect(await tries(`wrong ${wrong}`)).toContainText('Name or password is wrong');
    }
    await expect(await tries('wrong 6')).toContainText('Too many wrong passwords');
    await expect(await tries(SECOND)).toContainText('none is looked at for');
    // Who guesses names learns nothing.
    await page.getByLabel('User name').fill('nobody-of-that-name');
    await page.getByLabel('Password').fill(SECOND);
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await expect(page.getByRole('alert')).toContainText('Name or password is wrong');
    await page.goto(link());
    await expect(page).toHaveURL(`${berth.url}/`);
    const { entries } = await berth.api('audit', { user: 'ana', act: 'log_in', refused: true });
    expect(entries.length).toBeGreaterThanOrEqual(7);
    expect(JSON.stringify(entries)).not.toContain('wrong 6');
  });
});
