/**
 * Users who ask a full server for a session again and again, in a process of their own: the clients of the accepted conversations must not wait for
 * them. `node knockers.ts PORT USERS MS` sends `{ refusedMs, complaints }` at the end.
 */
import { Target } from '../target.ts';

/** Pause of a user between two requests, in ms: ten times shorter than the wait that the server asks for. */
const PAUSE_MS = 100;

const [port, users, ms] = process.argv.slice(2).map(Number);
process.on('disconnect', () => process.exit(0));
const target = new Target({ port: port ?? 0, scale: 1, random: Math.random, ms: ms ?? 0 });
const refusedMs: number[] = [];
await target.inLanes(users ?? 1, Number.POSITIVE_INFINITY, async (index) => {
  const askedAt = performance.now();
  const place = index % (users ?? 1);
  const answer = await target.request(`/poll/knocker-${place}?wait=0`, { from: `127.200.0.${place + 1}` });
  if (answer?.status === 503) refusedMs.push(performance.now() - askedAt);
  else target.complain(`a user beyond the capacity was answered ${answer?.status}`);
  if (answer && !/\r\nretry-after: \d+/i.test(answer.head)) target.complain('a refusal has no Retry-After');
  await target.wait(PAUSE_MS);
});
process.send?.({ refusedMs, complaints: target.complaints });
