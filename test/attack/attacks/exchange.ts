import type { Answer } from '../client/raw-connection.ts';
import type { Target } from '../target.ts';

/** Sends bytes on a connection of its own. @returns all answers that come within half a second of each other */
export async function exchange(target: Target, request: string, from = target.address()): Promise<Answer[]> {
  const connection = await target.connect(from);
  if (!connection) return [];
  connection.write(Buffer.from(request, 'latin1'));
  const answers: Answer[] = [];
  for (;;) {
    const answer = await connection.nextAnswer(500);
    if (!answer) break;
    answers.push(answer);
    target.count(answer);
  }
  connection.destroy();
  return answers;
}
