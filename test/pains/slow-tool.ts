import { Agent } from '../../src/agent/agent.ts';
import { type ToolContext, tool } from '../../src/agent/tool.ts';
import type { Scenario } from '../../src/emulator/scenario.ts';
import { post } from '../http/requests.ts';
import { openSession } from '../http/sessions.ts';
import { silence } from '../http/speech.ts';
import type { TestServer } from '../http/test-server.ts';

export interface SlowCall {
  readonly context: ToolContext;
  finish(result: string): void;
}

/** A session with an agent that has `ask_oracle`, a tool that takes as long as the test wants. */
export async function openOracle(scenario: Scenario = []) {
  const calls: SlowCall[] = [];
  const oracle = tool({
    name: 'ask_oracle',
    description: 'Asks the oracle.',
    execute: (_args, context) => new Promise<string>((finish) => calls.push({ context, finish })),
  });
  const agent = new Agent({ name: 'assistant', tools: [oracle] });
  return { calls, ...(await openSession({}, { agent, emulator: { pace: 50, strict: true, scenario } })) };
}

/** Sends the microphone's audio while the user waits. */
export function listen(server: TestServer): Promise<unknown> {
  return post(server, { mime_type: 'audio/pcm', data: silence(0.1).toString('base64') });
}
