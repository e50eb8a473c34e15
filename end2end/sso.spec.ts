// Single sign-on against a real provider: who comes is who the provider says, and nobody else gets in.

import type { Page } from '@playwright/test';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

import { Berth, expect, freePort, hydrated, test } from './server';

const PEOPLE = {
  ana: { preferred_username: 'Ana.Berg', email: 'ana@lab.example', email_verified: true, groups: ['ml-leads'] },
  bo: { preferred_username: 'bo', email: 'bo@lab.example', email_verified: true, groups: ['staff'] },
  impostor: { preferred_username: 'bo', email: 'other.bo@lab.example', email_verified: true },
  eve: { preferred_username: 'eve', email: 'eve@elsewhere.example', email_verified: true },
  mal: { preferred_username: 'mal', email: 'mal@lab.example', email_verified: false },
};

test.describe('single sign-on', () => {
  let berth: Berth;
  let provider: ChildProcess;

  test.beforeAll(async () => {
    const port = await freePort();
    berth = await Berth.start({
      simulate: '1x2',
      env: { BERTH_OIDC_CLIENT_SECRET: 'a-secret-of-the-tests-alone' },
      toml: `
        [oidc]
        issuer = "http://127.0.0.1:${port}"
        client_id = "berth"
        name = "the lab"
        domains = ["lab.example"]
        roles = { "ml-leads" = "lead" }
      `,
    });
    // It starts after Berth, as it may.
    const args = [join(__dirname, 'sso/provider.mjs'), String(port), `${berth.url}/login/oidc/back`, JSON.stringify(PEOPLE)];
    provider = spawn(process.execPath, args, { cwd: __dirname, stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((done, failed) => {
      provider.stdout?.on('data', (text) => String(text).includes('listening') && done());
      provider.once('exit', (code) => failed(new Error(`the provider ended with ${code}`)));
    });
  });
  test.afterAll(async () => {
    provider?.kill();
    await berth?.stop();
  });

  // The provider's own pages want fonts from elsewhere.
  test.beforeEach(({ context }) => context.route(/googleapis/, (route) => route.fulfill({ contentType: 'text/css', body: '' })));

  /** Up to the provider's question whether Berth may know. */
  const comeAs = async (page: Page, login: string) => {
    await page.goto(`${berth.url}/login`);
    await page.getByRole('link', { name: 'Log in with the lab' }).click();
    await page.getByPlaceholder('Enter any login').fill(login);
    await page.getByPlaceholder('and password').fill('any');
    await page.getByRole('button', { name: 'Sign-in' }).click();
  };
  const agree = (page: Page) => page.getByRole('button', { name: 'Continue' }).click();
  const me = (page: Page) => page.evaluate(async () => (await fetch('/api/whoami')).json());

  test('who comes is who the provider says, with the role of their groups, each time', async ({ page, complaints }) => {
    await comeAs(page, 'ana');
    await agree(page);
    await expect(page).toHaveURL(`${berth.url}/`);
    // The provider's own pages want an icon that it does not have.
    complaints.expected('404');
    await hydrated(page);
    const first = await me(page);
    expect([first.user, first.role]).toEqual(['ana.berg', 'lead']);

    await page.getByRole('button', { name: 'Log out' }).click();
    await expect(page).toHaveURL(/\/login$/);
    expect((await page.evaluate(async () => (await fetch('/api/whoami')).status)), 'out is out').toBe(401);
    complaints.expected('401');
    // The provider still knows them.
    await page.getByRole('link', { name: 'Log in with the lab' }).click();
    await expect(page).toHaveURL(`${berth.url}/`);
    expect((await me(page)).user).toBe('ana.berg');

    const { entries } = await berth.api('audit', { act: 'log_in', user: 'ana.berg' });
    expect(entries.map((entry: { subject: string }) => entry.subject)).toEqual(['by single sign-on', 'by single sign-on']);
    expect(entries[0].origin).toEqual({ door: 'login', address: '127.0.0.1' });
    expect(JSON.stringify(entries)).not.toContain('secret');
  });

  test('who may not come is told why', async ({ browser }) => {
    for (const [login, why] of [
      ['eve', 'not one that is let in here'],
      ['mal', 'not one that is let in here'],
    ]) {
      const page = await (await browser.newContext()).newPage();
      await comeAs(page, login);
      await agree(page);
      await expect(page.getByRole('alert')).toContainText(why);
      expect(await page.evaluate(async () => (await fetch('/api/whoami')).status)).toBe(401);
      await page.context().close();
    }
    const { people } = await berth.api('list_people');
    const names = people.map((person: { name: string }) => person.name);
    expect(names).not.toContain('eve');
    expect(names).not.toContain('mal');
  });

  test('the name of somebody who was here first is not taken over', async ({ browser }) => {
    const first = await (await browser.newContext()).newPage();
    await comeAs(first, 'bo');
    await agree(first);
    await expect(first).toHaveURL(`${berth.url}/`);
    expect((await me(first)).role, 'no group says more').toBe('member');
    const second = await (await browser.newContext()).newPage();
    await comeAs(second, 'impostor');
    await agree(second);
    await expect(second.getByRole('alert')).toContainText('bo is somebody else here already');
  });

  test('who breaks off is back at the start, and what was not begun here is not believed', async ({ page, browser }) => {
    await comeAs(page, 'ana');
    await page.getByRole('link', { name: 'Cancel' }).click();
    await expect(page.getByRole('alert')).toContainText('the lab did not let you in');

    // Another browser gets the address by which the first one came back.
    const page2 = await (await browser.newContext()).newPage();
    let address = '';
    page.on('request', (request) => {
      if (request.url().includes('/login/oidc/back')) address = request.url();
    });
    await page.getByRole('link', { name: 'Log in with the lab' }).click();
    // They have logged in there, and only did not agree.
    await agree(page);
    await expect(page).toHaveURL(`${berth.url}/`);
    expect(address).toContain('code=');
    await page2.goto(address);
    await expect(page2.getByRole('alert')).toContainText('not begun in this browser');
    await page2.goto(`${berth.url}/login/oidc/back?code=made-up&state=made-up`);
    await expect(page2.getByRole('alert')).toContainText('not begun in this browser');
    expect(await page2.evaluate(async () => (await fetch('/api/whoami')).status)).toBe(401);
  });
});
