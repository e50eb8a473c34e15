// The server that the tests talk to: the real binary with a data folder, a port and a tmux of its
// own. Import `test` and `expect` from here.
//
//   test('…', async ({ page, berth }) => {
//     await berth.logIn(page);
//     await page.goto('/jobs');
//   });

import { test as base, expect, type Page } from '@playwright/test';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const binaries = resolve(__dirname, '../target/release');

export type Options = {
  /** Made-up hardware, NODESxGPUS. */
  simulate?: string;
  /** More environment for the server. */
  env?: Record<string, string>;
  /** Its `berth.toml`. */
  toml?: string;
};

export class Berth {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly dataDir: string;
  /** Everything that the server wrote since it was first started. */
  output = '';
  private process: ChildProcess | undefined;
  private readonly people = new Map<string, string>();
  private cookies: Awaited<ReturnType<ReturnType<Page['context']>['cookies']>> = [];

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly options: Options,
  ) {
    this.url = `http://127.0.0.1:${port}`;
    this.dataDir = join(folder, 'data');
  }

  static async start(options: Options = {}): Promise<Berth> {
    // Short: a tmux socket's path has about 100 characters.
    const folder = mkdtempSync(join(tmpdir(), 'berth-'));
    const berth = new Berth(await freePort(), folder, options);
    if (options.toml) writeFileSync(join(folder, 'berth.toml'), options.toml);
    try {
      await berth.launch();
    } catch (error) {
      await berth.stop();
      throw error;
    }
    return berth;
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** What the CLI on this host uses; an admin's. */
  get token(): string {
    return readFileSync(join(this.dataDir, 'cli.token'), 'utf8').trim();
  }

  /** The last one printed; it works once. */
  get loginLink(): string {
    const links = [...this.output.matchAll(/^Log in: (\S+)$/gm)];
    if (links.length === 0) throw new Error(`no login link in what the server wrote:\n${this.output}`);
    return links[links.length - 1][1];
  }

  /** For the server and for commands that look at its jobs. */
  get env(): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(BERTH_|LEPTOS_|TMUX)/.test(name));
    return { ...Object.fromEntries(inherited), TMUX_TMPDIR: this.folder, BERTH_DATA: this.dataDir, ...this.options.env };
  }

  /** Starts the server on the same data and port, and waits until it is ready. */
  async launch(): Promise<void> {
    const args = ['serve', '--addr', `127.0.0.1:${this.port}`, '--data', this.dataDir];
    args.push('--simulate', this.options.simulate ?? '2x8');
    const child = spawn(join(binaries, 'berth-server'), args, { cwd: this.folder, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = child;
    child.stdout?.on('data', (text) => (this.output += text));
    child.stderr?.on('data', (text) => (this.output += text));
    for (const end = Date.now() + 30_000; Date.now() < end; await sleep(30)) {
      if (child.exitCode !== null || child.signalCode !== null) break;
      const answer = await fetch(`${this.url}/healthz`).catch(() => undefined);
      // The address is announced after the link; without it the link is not there yet.
      if (answer?.ok && this.output.includes('Log in: ')) return;
    }
    throw new Error(`the server did not come up:\n${this.output}`);
  }

  /** Ends the server; its jobs go on. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(late);
  }

  /** Cancels what runs, ends the server and its tmux, and removes its data. */
  async stop(): Promise<void> {
    if (this.process?.exitCode === null) await this.cancelAll().catch(() => {});
    await this.end();
    const sockets = join(this.folder, `tmux-${process.getuid?.() ?? 0}`);
    for (const name of existsSync(sockets) ? readdirSync(sockets) : []) {
      try {
        execFileSync('tmux', ['-S', join(sockets, name), 'kill-server'], { stdio: 'ignore' });
      } catch {
        // It ended with its last session.
      }
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Cancels all live jobs and waits until they ended. */
  async cancelAll(): Promise<void> {
    for (const end = Date.now() + 15_000; Date.now() < end; await sleep(100)) {
      const { jobs } = await this.api('list_jobs?state=live&limit=500');
      if (jobs.length === 0) return;
      for (const job of jobs.filter((job: { state: string }) => job.state !== 'Stopping')) {
        await this.api('cancel_job', { id: job.id }).catch(() => {});
      }
    }
  }

  /** The token of a person, who is added when nobody asked for them before. */
  addUser(name: string): string {
    const known = this.people.get(name);
    if (known) return known;
    const said = this.host('user', 'add', name);
    const token = /BERTH_TOKEN=(\S+)/.exec(said);
    if (!token) throw new Error(`no token in: ${said}`);
    this.people.set(name, token[1]);
    return token[1];
  }

  /** Runs a command of the server's host and returns what it printed. */
  host(...args: string[]): string {
    const where = ['--data', this.dataDir];
    return execFileSync(join(binaries, 'berth-server'), [...args, ...where], { env: this.env, encoding: 'utf8' });
  }

  /** Calls the API, as the admin unless another's token is given: a GET, or with a body a POST. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async api(path: string, body?: unknown, token = this.token): Promise<any> {
    const answer = await fetch(`${this.url}/api/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  /** Submits a line of shell and returns the job's number. */
  async submit(line: string, fields: Record<string, unknown> = {}, token = this.token): Promise<number> {
    const { job } = await this.api('submit_job', { command: ['sh', '-c', line], ...fields }, token);
    return job.id;
  }

  /** Makes an empty file in the data folder: what some jobs wait for. */
  touch(name: string): void {
    writeFileSync(join(this.dataDir, name), '');
  }

  /** Runs the CLI against this server and returns what it printed. */
  cli(...args: string[]): string {
    const env = { ...this.env, BERTH_URL: this.url };
    return execFileSync(join(binaries, 'berth'), args, { env, encoding: 'utf8', cwd: this.folder });
  }

  /** Logs the page's browser in: the first time with the link, then with the session it gave. */
  async logIn(page: Page): Promise<void> {
    if (this.cookies.length > 0) {
      await page.context().addCookies(this.cookies);
      return;
    }
    await page.goto(this.loginLink);
    await expect(page).not.toHaveURL(/\/login/);
    this.cookies = await page.context().cookies();
  }
}

/** What a page writes into the console as an error: a defect, unless it is expected. Whoever uses it has none in the end. */
export class Complaints {
  all: string[] = [];

  constructor(page: Page) {
    // What was still loading when a test left the page: nobody is there any more. What does not come
    // although somebody is there is also complained of as a resource, and that counts.
    const left = (text: string) =>
      text.includes('Response body loading was aborted') || /Failed to fetch[^]*__wasm_split\.js/.test(text);
    page.on('console', (message) => {
      if (message.type() === 'error' && !left(message.text())) this.all.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => {
      if (!left(String(error))) this.all.push(String(error));
    });
  }

  /** The browser also logs answers such as 404 that a test asks for. */
  expected(text: string): void {
    this.all = this.all.filter((complaint) => !complaint.includes(text));
  }
}

/** Waits until the browser has taken the page over. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator('body')).toHaveAttribute('data-hydrated', 'true');
}

/** A port that nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.on('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => done(port));
    });
  });
}

export const test = base.extend<{ complaints: Complaints }, { berth: Berth }>({
  complaints: async ({ page }, use) => {
    const complaints = new Complaints(page);
    await use(complaints);
    expect(complaints.all).toEqual([]);
  },
  // One for all tests of a worker. A test that kills its server starts one with `Berth.start()`.
  berth: [
    async ({}, use) => {
      // What fails is tried again at once, so that there soon is an alert.
      const berth = await Berth.start({ env: { BERTH_RETRY_BASE_S: '0.05' } });
      await use(berth);
      await berth.stop();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  baseURL: async ({ berth }, use) => {
    await use(berth.url);
  },
});

export { expect };
