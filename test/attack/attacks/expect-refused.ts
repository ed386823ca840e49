import type { Answer } from '../client/raw-connection.ts';
import { formatHandshake } from '../client/web-socket-frames.ts';
import type { Target } from '../target.ts';

/** Complains if a request of any route is answered with another status than a refusal. @param status `undefined`: 401 or 403 */
export async function expectRefused(
  target: Target,
  user: string,
  headers: Record<string, string>,
  status?: number,
  what = JSON.stringify(headers),
): Promise<void> {
  const text = { ...headers, 'Content-Type': 'text/plain' };
  const answers: [string, Answer | undefined][] = [
    ['poll', await target.request(`/poll/${user}?wait=0`, { headers })],
    ['events', await target.request(`/events/${user}?dialect=agentscope`, { headers })],
    ['send', await target.request(`/send/${user}?dialect=adk`, { headers: text, body: 'hello' })],
    ['tickets', await target.request(`/tickets/${user}`, { method: 'POST', headers })],
    ['ws', await shakeHands(target, `/ws/${user}`, headers)],
    ['ws of a session', await shakeHands(target, `/ws/${user}/socket`, headers)],
    ['run_live', await shakeHands(target, `/run_live?user_id=${user}&session_id=socket`, headers)],
  ];
  for (const [route, answer] of answers) {
    const isRefused =
      status === undefined ? answer?.status === 401 || answer?.status === 403 : answer?.status === status;
    if (answer && !isRefused && answer.status !== 429)
      target.complain(`${route} with ${what.slice(0, 80)} was answered ${answer.status}`);
  }
}

export async function expectTicketRefused(target: Target, path: string, ticket: string): Promise<void> {
  if (target.over) return;
  const url = `${path}${path.includes('?') ? '&' : '?'}ticket=${encodeURIComponent(ticket)}`;
  const isSocket = /^\/(?:ws|run_live)\b/.test(path);
  const answer = isSocket ? await shakeHands(target, url) : await target.request(url);
  if (answer && answer.status < 400)
    target.complain(`${path} with the ticket ${ticket.slice(0, 40)}… was answered ${answer.status}`);
}

/** Asks for a WebSocket, and leaves. @returns the answer, counted; `undefined` if there is none */
export async function shakeHands(
  target: Target,
  path: string,
  headers: Record<string, string> = {},
  from = target.address(),
): Promise<Answer | undefined> {
  const connection = await target.connect(from);
  connection?.write(formatHandshake(path, headers));
  const answer = await connection?.nextAnswer(2_000);
  connection?.destroy();
  target.count(answer);
  return answer;
}
