const EVENTS: readonly (readonly [pk: number, body: string])[] = [
  [1, createEvent('agent', { content: { role: 'model', parts: [{ text: 'Hello.' }] } })],
  [1, createEvent('user', { content: { role: 'user', parts: [{ text: 'count to two' }] } })],
  [2, createEvent('user', { inputTranscription: { text: 'what time is it?', finished: true } })],
  [3, createEvent('agent', { content: { role: 'model', parts: [{ text: 'I said "author":"user".' }] } })],
];

/** Statements that made the tables of version 1, and conversations in them: with a typed message, a spoken one, and words of the agent alone. */
export function listVersion1(database: 'sqlite' | 'postgres'): readonly string[] {
  const isSqlite = database === 'sqlite';
  const key = isSqlite ? 'integer PRIMARY KEY AUTOINCREMENT' : 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY';
  const [double, binary] = isSqlite ? ['real', ''] : ['double precision', 'COLLATE "C"'];
  return [
    'CREATE TABLE bidi_schema (version integer NOT NULL)',
    'INSERT INTO bidi_schema VALUES (1)',
    `CREATE TABLE bidi_sessions (pk ${key}, app_name text ${binary} NOT NULL, user_id text ${binary} NOT NULL,
      session_id text ${binary} NOT NULL, updated_at ${double} NOT NULL, has_events integer NOT NULL,
      resumption_provider text, resumption_handle text, UNIQUE (app_name, user_id, session_id))`,
    'CREATE INDEX bidi_sessions_newest ON bidi_sessions (app_name, user_id, updated_at DESC, session_id DESC)',
    `CREATE TABLE bidi_events (position ${key}, session_pk bigint NOT NULL REFERENCES bidi_sessions (pk) ON DELETE CASCADE,
      id text NOT NULL, body text NOT NULL, UNIQUE (session_pk, id))`,
    'CREATE INDEX bidi_events_order ON bidi_events (session_pk, position)',
    `CREATE TABLE bidi_state (app_name text NOT NULL, user_id text NOT NULL, session_id text NOT NULL, name text NOT NULL,
      value text NOT NULL, PRIMARY KEY (app_name, user_id, session_id, name))`,
    `INSERT INTO bidi_sessions (app_name, user_id, session_id, updated_at, has_events)
      VALUES ('app', 'ann', 'typed', 3, 1), ('app', 'ann', 'spoken', 2, 1), ('app', 'ann', 'silent', 1, 1)`,
    `INSERT INTO bidi_events (session_pk, id, body) VALUES ${EVENTS.map(([pk, body], index) => `(${pk}, 'e${index}', '${body}')`).join(', ')}`,
    `INSERT INTO bidi_state VALUES ('app', 'ann', 'typed', '"mood"', '"good"')`,
  ];
}

/** Statements that made the tables of version 2, with the same conversations. */
export function listVersion2(database: 'sqlite' | 'postgres'): readonly string[] {
  return [
    ...listVersion1(database),
    'UPDATE bidi_schema SET version = 2',
    "ALTER TABLE bidi_sessions ADD COLUMN title text NOT NULL DEFAULT ''",
    "UPDATE bidi_sessions SET title = 'count to two' WHERE session_id = 'typed'",
    "UPDATE bidi_sessions SET title = 'what time is it?' WHERE session_id = 'spoken'",
  ];
}

/** Statements that made the tables of version 3, with the same conversations. */
export function listVersion3(database: 'sqlite' | 'postgres'): readonly string[] {
  return [
    ...listVersion2(database),
    'UPDATE bidi_schema SET version = 3',
    'ALTER TABLE bidi_sessions ADD COLUMN summary text',
  ];
}

/** Size of all their events. */
export function measureTexts(): number {
  return EVENTS.reduce((sum, [, body]) => sum + body.length, 0);
}

/** What a program of today lists of them. */
export const LISTED = [
  { appName: 'app', userId: 'ann', sessionId: 'typed', title: 'count to two', updatedAt: 3 },
  { appName: 'app', userId: 'ann', sessionId: 'spoken', title: 'what time is it?', updatedAt: 2 },
  { appName: 'app', userId: 'ann', sessionId: 'silent', title: '', updatedAt: 1 },
];

function createEvent(author: string, fields: object): string {
  return JSON.stringify({ id: 'e', invocationId: 'i', author, timestamp: 1, ...fields });
}
