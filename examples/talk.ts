// Talks from a terminal through the client SDK: `npx node examples/talk.ts http://localhost:8000 me`. The program sends each line of standard
// input and prints the words of the replies as they arrive. Standard error shows how the network treats the connection. The environment
// variable BIDI_SSE_TOKEN holds the token of a server that asks for one.
import { createInterface } from 'node:readline';
import { createClient } from 'bidi-sse/client';

const [url = 'http://localhost:8000', userId = 'me'] = process.argv.slice(2);
const { BIDI_SSE_TOKEN: token } = process.env;
const client = createClient({ url, userId, isAudio: false, ...(token ? { token } : {}) });

client.on('message', (message) => {
  if ('turn_complete' in message) process.stdout.write(message.turn_complete ? '\n' : ' …');
  else if (message.mime_type === 'text/plain') process.stdout.write(message.data);
});
client.on('state', (state) => console.error(`[${state}, by ${client.statistics.rung}]`));
client.on('retry', ({ attempt, status, failure }) =>
  console.error(`[attempt ${attempt} failed: ${failure?.error ?? status ?? 'no answer'}]`),
);
client.on('failure', ({ error, hint = '' }) => console.error(`[${error}; ${hint}]`));
client.on('rejected', ({ error, hint = '' }) => {
  console.error(`[${error}; ${hint}]`);
  process.exit(1);
});

for await (const line of createInterface({ input: process.stdin })) {
  const answered = new Promise<void>((resolve) => {
    client.on('message', (message) => 'turn_complete' in message && message.turn_complete && resolve());
    client.on('end', () => resolve());
  });
  const { sent, refusal } = await client.send(line);
  if (sent) await answered;
  else console.error(`[not sent: ${refusal?.error ?? 'the conversation has ended'}]`);
}
client.close();
