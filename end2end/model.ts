// A language model for the tests: an OpenAI-compatible endpoint that answers by a script, each piece when it is let.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import type { Berth } from './server';

/** Text in pieces, or a call of a tool. A piece that is a promise is waited for, and nothing is said. */
export type Reply = { says: (string | Promise<unknown>)[] } | { calls: string; with: Record<string, unknown> };

export class Model {
  /** What it answers next, one after the other. */
  replies: Reply[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Model> {
    const server = createServer();
    const model = new Model(server);
    server.on('request', (request, response) => void model.answer(request, response));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return model;
  }

  /** For a server that is to ask it. */
  get env(): Record<string, string> {
    const address = this.server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    return { BERTH_LLM_BASE_URL: `http://127.0.0.1:${port}/v1`, BERTH_LLM_MODEL: 'script-1' };
  }

  /** Has a question asked and answered, and returns its talk. */
  async asked(berth: Berth, question: string, ...replies: Reply[]): Promise<number> {
    this.replies = replies;
    const answer = await fetch(`${berth.url}/api/ask`, {
      method: 'POST',
      headers: { authorization: `Bearer ${berth.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ question }),
    });
    return Number(/"talk":(\d+)/.exec(await answer.text())?.[1]);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const gone = new Promise<void>((done) => response.on('close', done));
    const reply = this.replies.shift() ?? { says: ['Nothing more.'] };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if ('calls' in reply) {
      const call = { name: reply.calls, arguments: JSON.stringify(reply.with) };
      response.write(chunk({ tool_calls: [{ index: 0, id: 'tool-0', type: 'function', function: call }] }));
      response.write(chunk({}, 'tool_calls'));
    } else {
      for (const piece of reply.says) {
        if (typeof piece === 'string') response.write(chunk({ content: piece }));
        else await Promise.race([piece, gone]);
        if (response.destroyed) return;
      }
      response.write(chunk({}, 'stop'));
    }
    const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
    response.end(`data: ${JSON.stringify({ ...frame, choices: [], usage })}\n\ndata: [DONE]\n\n`);
  }
}

const frame = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'script-1' };

function chunk(delta: Record<string, unknown>, finish_reason: string | null = null): string {
  return `data: ${JSON.stringify({ ...frame, choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
}
