// Commits one turn after the other to a store, until the process is killed: node commit-turns.ts FILE|URL FIRST. Each number is printed when the store
// has its turn.
import { createPostgresStore } from '../../../src/store/sql/postgres-store.ts';
import { createSqliteStore } from '../../../src/store/sql/sqlite-store.ts';

const [, , place = '', first = '0'] = process.argv;
const store = place.startsWith('postgres:') ? createPostgresStore({ url: place }) : createSqliteStore({ file: place });
const key = { appName: 'app', userId: 'ann', sessionId: 'default' };

for (let turn = Number(first); ; turn += 1) {
  const event = (name: string, author: string) => ({
    id: `${turn}-${name}`,
    invocationId: 'e-1',
    author,
    timestamp: turn,
    content: { role: 'user', parts: [{ text: 'x'.repeat(200) }] },
  });
  await store.commit(key, {
    events: [event('question', 'user'), event('answer', 'assistant')],
    state: { session: { turn }, user: { turn } },
  });
  process.stdout.write(`${turn}\n`);
}
