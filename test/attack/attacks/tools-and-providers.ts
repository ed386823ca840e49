import type { Attack } from '../attack.ts';
import { hostileFrames, SECRETS } from '../process/hostile-frames.ts';
import type { Target } from '../target.ts';

const TOOLS = [
  'throws_null_object',
  'throws_getter',
  'throws_undefined',
  'throws_in_timer',
  'leaves_rejection',
  'throws_in_microtask',
  'returns_cycle',
  'returns_bigint',
  'returns_hostile_json',
  'returns_much',
  'never_ends',
  'hostile_then',
  'unknown_tool',
];

/** Attacks that a user starts by what the model then does: calls tools whose authors made mistakes, or sends frames that nobody expects. */
export const modelAttacks: readonly Attack[] = [
  ...TOOLS.map(
    (name): Attack => ({
      name: `tool-${name.replaceAll('_', '-')}`,
      does: `has the model call a tool that ${name.replaceAll('_', ' ')}, in 20 sessions`,
      stoppedBy: "a tool's mistake is the error of its call; TOOL_TIMEOUT_MS; size of a result",
      run: (target) => order(target, `call ${name}`, 20),
    }),
  ),
  ...Object.keys(hostileFrames).map(
    (name): Attack => ({
      name: `provider-${name}`,
      does: `has the provider send: ${name.replaceAll('-', ' ')}`,
      stoppedBy:
        'size of a frame; every field is checked; work is linear and yields; texts of the provider stay on the server',
      run: (target) => order(target, `hostile ${name}`, 3),
    }),
  ),
];

/** Sends a text that the model obeys in some sessions, and reads what comes back. */
async function order(target: Target, text: string, sessions: number): Promise<void> {
  await target.inLanes(sessions, target.times(sessions), async (index) => {
    const from = target.address(index);
    const user = target.user(index);
    const stream = await target.openStream(`/events/${user}`, from);
    if (!(await stream?.waitFor('"upstream":"ready"', 3_000))) return;
    await target.request(`/send/${user}`, { headers: { 'Content-Type': 'text/plain' }, body: text, from });
    await target.wait(2_500);
    inspect(target, stream?.text ?? '');
    const epoch = /"epoch":"([^"]+)"/.exec(stream?.text ?? '')?.[1];
    const answer = await target.request(`/poll/${user}?wait=0&since=${epoch}.0`, { from });
    if (answer?.status !== 200) return;
    inspect(target, answer.body);
    try {
      JSON.parse(answer.body);
    } catch {
      target.complain('the answer to a poll is not JSON');
    }
  });
}

function inspect(target: Target, text: string): void {
  for (const secret of [SECRETS.bearer, SECRETS.project]) {
    if (text.includes(secret)) target.complain(`a client received ${secret.slice(0, 16)}…, a secret of the provider`);
  }
}
