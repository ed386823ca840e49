import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { ConfigError, configSchema, readConfig } from '../src/config.ts';

/** Variables whose value is a whole number, with the smallest and the largest allowed value. */
const NUMBERS = {
  PORT: [0, 65_535],
  MODEL_CONNECT_TIMEOUT_MS: [100, 120_000],
  MAX_CONNECTIONS: [1, 1_000_000],
  MAX_ADDRESS_CONNECTIONS: [1, 1_000_000],
  MAX_ADDRESS_REQUESTS_PER_MINUTE: [1, 1_000_000_000],
  MAX_ADDRESS_SESSIONS: [1, 1_000_000],
  MAX_ADDRESS_MODEL_CONNECTIONS_PER_MINUTE: [1, 1_000_000],
  MAX_ADDRESS_AUDIO_S_PER_MINUTE: [1, 1_000_000_000],
  MAX_USER_SESSIONS: [1, 1_000_000],
  MAX_USER_READERS: [1, 1_000_000],
  MAX_USER_MODEL_CONNECTIONS_PER_MINUTE: [1, 1_000_000],
  MAX_USER_AUDIO_S_PER_MINUTE: [1, 1_000_000_000],
  MAX_CONVERSATION_AGE_DAYS: [0, 36_500],
  MAX_USER_CONVERSATIONS: [1, 1_000_000],
  MAX_USER_STORED_CHARACTERS: [1_048_576, 1_099_511_627_776],
  MAX_ARTIFACT_BYTES: [1_048_576, 109_951_162_777_600],
  MAX_USER_ARTIFACT_BYTES: [1_048_576, 109_951_162_777_600],
  LINGER_MS: [0, 3_600_000],
  HEARTBEAT_MS: [1_000, 60_000],
  STALL_MS: [1_000, 600_000],
  RENEW_MS: [1_000, 86_400_000],
  MAX_PIPELINED_REQUESTS: [1, 1_000],
  LOG_BYTES: [65_536, 1_073_741_824],
  LOG_AGE_MS: [1_000, 3_600_000],
  MAX_SESSIONS: [1, 1_000_000],
  MAX_HELD_BYTES: [16_777_216, 1_099_511_627_776],
  MAX_SESSION_MS: [0, 86_400_000],
  IDLE_SESSION_MS: [0, 86_400_000],
  MAX_BODY_BYTES: [1_024, 67_108_864],
  BODY_IDLE_MS: [1_000, 600_000],
  SHUTDOWN_GRACE_MS: [0, 600_000],
} as const;

describe('readConfig', () => {
  test('returns the defaults, offline and on loopback, for an empty environment', () => {
    expect(readConfig({})).toEqual({
      host: '127.0.0.1',
      port: 8000,
      tls: undefined,
      google: {
        offline: true,
        apiKey: undefined,
        vertexai: false,
        project: undefined,
        location: undefined,
        baseUrl: undefined,
        apiVersion: 'v1beta',
        model: undefined,
        connectTimeoutMs: 15_000,
      },
      allowedOrigins: [],
      allowedHosts: [],
      auth: { authenticator: { mode: 'none' }, ticketSecret: undefined, noneBeyondLoopback: false },
      publicDir: undefined,
      store: { kind: 'sqlite', file: 'data/conversations.db', isDefault: true },
      artifacts: {
        folder: 'data/artifacts',
        isBesideDatabase: true,
        maxBytes: 10_737_418_240,
        maxUserBytes: 1_073_741_824,
      },
      resumptionSecret: undefined,
      trustedProxies: [],
      maxConnections: 10_000,
      addressLimits: {
        connections: 2_000,
        requestsPerMinute: 120_000,
        sessions: 500,
        modelConnectionsPerMinute: 600,
        audioSPerMinute: 12_000,
      },
      userLimits: {
        sessions: 20,
        readers: 100,
        modelConnectionsPerMinute: 60,
        audioSPerMinute: 180,
      },
      retention: { ageDays: 90, userConversations: 1_000, userCharacters: 67_108_864 },
      lingerMs: 120_000,
      heartbeatMs: 10_000,
      stallMs: 60_000,
      renewMs: 300_000,
      maxPipelinedRequests: 16,
      logLimits: { bytes: 4_194_304, ageMs: 120_000 },
      maxSessions: 1_000,
      maxHeldBytes: 536_870_912,
      sessionLimits: {},
      bodyLimits: { maxBytes: 4_194_304, idleMs: 30_000 },
      shutdownGraceMs: 8_000,
      logLevel: 'info',
      logFormat: undefined,
      proxy: {},
      secrets: [],
    });
  });

  test('treats an empty variable as not set', () => {
    const empty = Object.fromEntries(Object.keys(configSchema.shape).map((name) => [name, '']));
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  test('ignores variables of other programs and spaces around a value', () => {
    expect(readConfig({ PORTS: 'x', HOME: '/root', PORT: ' 9000 ', GOOGLE_API_KEY: ' key\n' })).toMatchObject({
      port: 9_000,
      google: { apiKey: 'key' },
    });
  });

  test('returns an object that cannot be changed', () => {
    const config = readConfig({});
    expect(Object.isFrozen(config)).toBe(true);
    expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError);
  });

  test('returns the setting of each variable', () => {
    expect(
      readConfig({
        HOST: '0.0.0.0',
        PORT: '0',
        TLS_CERT_FILE: '/tls/cert.pem',
        TLS_KEY_FILE: '/tls/key.pem',
        GOOGLE_API_KEY: 'key',
        GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:9100',
        GOOGLE_GENAI_API_VERSION: 'v1alpha',
        DEMO_AGENT_MODEL: 'a-model',
        MODEL_CONNECT_TIMEOUT_MS: '100',
        ALLOWED_ORIGINS: ' https://App.example.com ,, http://localhost:3000,chrome-extension://abcdef',
        ALLOWED_HOSTS: 'Tunnel.Example,[::1]',
        AUTH: 'token',
        AUTH_TOKENS: 'ann:0123456789abcdef, *:ABCDEF-0123456789==',
        AUTH_TICKET_SECRET: 'x'.repeat(32),
        AUTH_NONE_BEYOND_LOOPBACK: 'yes',
        PUBLIC_DIR: '/srv/page',
        DATABASE_URL: 'sqlite:/srv/conversations.db',
        RESUMPTION_SECRET: 'a long secret',
        ARTIFACTS_DIR: '/srv/files',
        MAX_ARTIFACT_BYTES: '2097152',
        MAX_USER_ARTIFACT_BYTES: '1048576',
        TRUSTED_PROXIES: '10.0.0.0/8, ::1',
        MAX_CONNECTIONS: '1',
        MAX_ADDRESS_CONNECTIONS: '2',
        MAX_ADDRESS_REQUESTS_PER_MINUTE: '3',
        MAX_ADDRESS_SESSIONS: '4',
        MAX_ADDRESS_MODEL_CONNECTIONS_PER_MINUTE: '5',
        MAX_ADDRESS_AUDIO_S_PER_MINUTE: '6',
        MAX_USER_SESSIONS: '7',
        MAX_USER_READERS: '8',
        MAX_USER_MODEL_CONNECTIONS_PER_MINUTE: '9',
        MAX_USER_AUDIO_S_PER_MINUTE: '10',
        MAX_CONVERSATION_AGE_DAYS: '0',
        MAX_USER_CONVERSATIONS: '11',
        MAX_USER_STORED_CHARACTERS: '1048576',
        LINGER_MS: '0',
        HEARTBEAT_MS: '1000',
        STALL_MS: '2000',
        LOG_BYTES: '65536',
        LOG_AGE_MS: '1000',
        MAX_SESSIONS: '1',
        MAX_HELD_BYTES: '16777216',
        MAX_SESSION_MS: '60000',
        IDLE_SESSION_MS: '1',
        MAX_BODY_BYTES: '1024',
        BODY_IDLE_MS: '3000',
        SHUTDOWN_GRACE_MS: '0',
        LOG_LEVEL: 'debug',
        LOG_FORMAT: 'pretty',
      }),
    ).toEqual({
      host: '0.0.0.0',
      port: 0,
      tls: { certFile: '/tls/cert.pem', keyFile: '/tls/key.pem' },
      google: {
        offline: false,
        apiKey: 'key',
        vertexai: false,
        project: undefined,
        location: undefined,
        baseUrl: 'http://127.0.0.1:9100',
        apiVersion: 'v1alpha',
        model: 'a-model',
        connectTimeoutMs: 100,
      },
      allowedOrigins: ['https://app.example.com', 'http://localhost:3000', 'chrome-extension://abcdef'],
      allowedHosts: ['tunnel.example', '[::1]'],
      auth: {
        authenticator: {
          mode: 'token',
          tokens: [
            { userId: 'ann', token: '0123456789abcdef' },
            { userId: '*', token: 'ABCDEF-0123456789==' },
          ],
        },
        ticketSecret: 'x'.repeat(32),
        noneBeyondLoopback: true,
      },
      publicDir: '/srv/page',
      store: { kind: 'sqlite', file: '/srv/conversations.db', isDefault: false },
      artifacts: { folder: '/srv/files', isBesideDatabase: false, maxBytes: 2_097_152, maxUserBytes: 1_048_576 },
      resumptionSecret: 'a long secret',
      trustedProxies: ['10.0.0.0/8', '::1'],
      maxConnections: 1,
      addressLimits: {
        connections: 2,
        requestsPerMinute: 3,
        sessions: 4,
        modelConnectionsPerMinute: 5,
        audioSPerMinute: 6,
      },
      userLimits: {
        sessions: 7,
        readers: 8,
        modelConnectionsPerMinute: 9,
        audioSPerMinute: 10,
      },
      retention: { ageDays: 0, userConversations: 11, userCharacters: 1_048_576 },
      lingerMs: 0,
      heartbeatMs: 1_000,
      stallMs: 2_000,
      renewMs: 300_000,
      maxPipelinedRequests: 16,
      logLimits: { bytes: 65_536, ageMs: 1_000 },
      maxSessions: 1,
      maxHeldBytes: 16_777_216,
      sessionLimits: { maxDurationMs: 60_000, idleTimeoutMs: 1 },
      bodyLimits: { maxBytes: 1_024, idleMs: 3_000 },
      shutdownGraceMs: 0,
      logLevel: 'debug',
      logFormat: 'pretty',
      proxy: {},
      secrets: expect.arrayContaining(['0123456789abcdef', 'ABCDEF-0123456789==', 'x'.repeat(32)]),
    });
  });

  describe('who may talk', () => {
    const secret = 's'.repeat(32);
    const url = 'https://login.example.com/jwks';
    const claims = { AUTH_JWT_ISSUER: 'https://login.example.com', AUTH_JWT_AUDIENCE: 'voice' };

    test('is whoever has a JSON Web Token, signed with a secret or with a key of a URL', () => {
      expect(readConfig({ AUTH: 'jwt', AUTH_JWT_SECRET: secret }).auth.authenticator).toEqual({
        mode: 'jwt',
        key: secret,
        issuer: undefined,
        audience: undefined,
      });
      expect(readConfig({ AUTH: 'jwt', AUTH_JWKS_URL: url, ...claims }).auth.authenticator).toEqual({
        mode: 'jwt',
        key: new URL(url),
        issuer: 'https://login.example.com',
        audience: 'voice',
      });
      for (const local of ['http://localhost:9000/jwks', 'http://127.0.0.1/jwks', 'http://[::1]:1/jwks']) {
        expect(() => readConfig({ AUTH: 'jwt', AUTH_JWKS_URL: local, ...claims })).not.toThrow();
      }
    });

    test('must be complete and without contradictions', () => {
      expectInvalid({ AUTH: 'basic' }, 'AUTH');
      expectInvalid({ AUTH: 'token' }, 'AUTH_TOKENS', 'at least one entry');
      expectInvalid({ AUTH_TOKENS: 'ann:0123456789abcdef' }, 'AUTH_TOKENS', 'no effect');
      expectInvalid({ AUTH: 'jwt' }, 'AUTH_JWT_SECRET', 'either');
      expectInvalid({ AUTH: 'jwt', AUTH_JWT_SECRET: secret, AUTH_JWKS_URL: url, ...claims }, 'AUTH_JWT_SECRET');
      expectInvalid({ AUTH: 'jwt', AUTH_JWKS_URL: url }, 'AUTH_JWT_ISSUER', 'other services');
      expectInvalid({ AUTH: 'jwt', AUTH_JWKS_URL: url }, 'AUTH_JWT_AUDIENCE', 'other services');
      expectInvalid({ AUTH_JWT_SECRET: secret }, 'AUTH_JWT_SECRET', 'no effect');
      expectInvalid({ AUTH: 'jwt', AUTH_JWT_SECRET: 'short' }, 'AUTH_JWT_SECRET', '32 characters');
      expectInvalid({ AUTH_TICKET_SECRET: 'short' }, 'AUTH_TICKET_SECRET', '32 characters');
      for (const unsafe of [
        'http://login.example.com/jwks',
        'http://localhost.evil.example/',
        'file:///keys',
        'keys',
      ]) {
        expectInvalid({ AUTH: 'jwt', AUTH_JWKS_URL: unsafe, ...claims }, 'AUTH_JWKS_URL', 'https');
      }
    });

    test.each([
      ['ann', 'entry 1 is not user:token'],
      ['ann:0123456789abcdef:x', 'entry 1 is not user:token'],
      ['ann:0123456789abcdef,-rf:fedcba9876543210', 'entry 2 names no valid user id'],
      ['ann:too-short', 'entry 1 has no valid token'],
      ['ann:0123456789"bcdef', 'entry 1 has no valid token'],
      ['ann:0123456789abcdef\nben:0123456789abcdef', 'entry 2 repeats the token'],
    ])('is not %j, and the message has no token', (tokens, message) => {
      const environment = { AUTH: 'token', AUTH_TOKENS: tokens };
      expectInvalid(environment, 'AUTH_TOKENS', message);
      expect(messageOf(() => readConfig(environment))).not.toMatch(/0123456789|fedcba|short/);
    });
  });

  test('uses GEMINI_API_KEY as the key, unless GOOGLE_API_KEY is set', () => {
    expect(readConfig({ GEMINI_API_KEY: 'one' }).google).toMatchObject({ offline: false, apiKey: 'one' });
    expect(readConfig({ GEMINI_API_KEY: 'one', GOOGLE_API_KEY: 'two' }).google.apiKey).toBe('two');
  });

  test.each(['GOOGLE_GENAI_USE_VERTEXAI', 'GOOGLE_GENAI_USE_ENTERPRISE'])(
    'accepts %s in every spelling of yes and no',
    (name) => {
      const place = { GOOGLE_CLOUD_PROJECT: 'project', GOOGLE_CLOUD_LOCATION: 'us-central1' };
      for (const yes of ['true', 'TRUE', 'True', '1']) {
        expect(readConfig({ [name]: yes, ...place }).google).toMatchObject({
          offline: false,
          vertexai: true,
          project: 'project',
          location: 'us-central1',
          apiVersion: 'v1beta1',
        });
      }
      for (const no of ['false', 'FALSE', '0', '']) {
        expect(readConfig({ [name]: no, ...place }).google).toMatchObject({ offline: true, vertexai: false });
      }
    },
  );

  test('requires for Vertex AI a project and a location, or a key, or another host', () => {
    const vertex = { GOOGLE_GENAI_USE_VERTEXAI: 'true' };
    expectInvalid(vertex, 'GOOGLE_CLOUD_PROJECT', 'Vertex AI needs');
    expectInvalid({ ...vertex, GOOGLE_CLOUD_PROJECT: 'project' }, 'GOOGLE_CLOUD_PROJECT', 'GOOGLE_CLOUD_LOCATION');
    expect(readConfig({ ...vertex, GOOGLE_API_KEY: 'key' }).google.vertexai).toBe(true);
    expect(readConfig({ ...vertex, GOOGLE_GEMINI_BASE_URL: 'http://localhost:9100' }).google.vertexai).toBe(true);
  });

  test('refuses a certificate without a key, and a key without a certificate', () => {
    expectInvalid({ TLS_CERT_FILE: '/tls/cert.pem' }, 'TLS_KEY_FILE', 'TLS needs both');
    expectInvalid({ TLS_KEY_FILE: '/tls/key.pem' }, 'TLS_CERT_FILE', 'TLS needs both');
  });

  test('refuses a log whose entries expire before the next heartbeat', () => {
    expectInvalid({ LOG_AGE_MS: '9999' }, 'LOG_AGE_MS', 'HEARTBEAT_MS');
    expect(readConfig({ LOG_AGE_MS: '9999', HEARTBEAT_MS: '9999' }).logLimits.ageMs).toBe(9_999);
  });

  test.each(Object.entries(NUMBERS))('accepts a %s within its limits and refuses other values', (name, [min, max]) => {
    const beside: Record<string, string> = name === 'LOG_AGE_MS' ? { HEARTBEAT_MS: '1000' } : {};
    for (const value of [min, max]) expect(() => readConfig({ ...beside, [name]: `${value}` })).not.toThrow();
    for (const value of [min - 1, max + 1, min + 0.5, 'many', '12 ms', 'NaN', 'Infinity']) {
      expectInvalid({ ...beside, [name]: `${value}` }, name);
    }
  });

  test.each([
    ['GOOGLE_GENAI_USE_VERTEXAI', 'yes'],
    ['GOOGLE_GENAI_USE_ENTERPRISE', 'on'],
    ['GOOGLE_GEMINI_BASE_URL', '127.0.0.1:9100'],
    ['GOOGLE_GEMINI_BASE_URL', 'ftp://example.com'],
    ['ALLOWED_ORIGINS', '*'],
    ['ALLOWED_ORIGINS', 'https://*.example.com'],
    ['ALLOWED_ORIGINS', 'https://app.example.com/'],
    ['ALLOWED_ORIGINS', 'https://app.example.com:99999'],
    ['ALLOWED_ORIGINS', 'https://me@app.example.com'],
    ['ALLOWED_ORIGINS', 'app.example.com'],
    ['ALLOWED_HOSTS', 'https://app.example.com'],
    ['ALLOWED_HOSTS', 'app.example.com:8000'],
    ['TRUSTED_PROXIES', 'proxy.example.com'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', '::1/129'],
    ['TRUSTED_PROXIES', '10.0.0'],
    ['LOG_LEVEL', 'verbose'],
    ['LOG_FORMAT', 'xml'],
  ])('refuses %s=%s', (name, value) => {
    expectInvalid({ [name]: value }, name);
  });

  test('names every invalid variable in a line of its own', () => {
    const read = () => readConfig({ PORT: 'x', LINGER_MS: '-1', LOG_FORMAT: 'xml', ALLOWED_ORIGINS: 'a,b' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/^The configuration is not valid \(see \.env\.example\):\n/);
    const lines = messageOf(read).split('\n').slice(1);
    expect(lines.map((line) => line.split(':')[0])).toEqual(
      expect.arrayContaining(['  PORT', '  LINGER_MS', '  LOG_FORMAT', '  ALLOWED_ORIGINS']),
    );
    expect(lines.filter((line) => line.startsWith('  ALLOWED_ORIGINS: '))).toHaveLength(2);
  });

  test.each([
    ['AUTH', 'must be none, token or jwt'],
    ['AUTH_NONE_BEYOND_LOOPBACK', 'must be yes or no'],
    ['GOOGLE_GENAI_USE_VERTEXAI', 'must be true or false'],
    ['GOOGLE_GEMINI_BASE_URL', 'must be a URL such as http://127.0.0.1:9100'],
    ['LOG_FORMAT', 'must be pretty or json'],
  ])('names the values that %s may have', (name, expected) => {
    const message = messageOf(() => readConfig({ [name]: 'perhaps' }));
    expect(message.split('\n')).toContain(`  ${name}: ${expected}`);
  });

  describe('the file of a secret', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bidi-sse-config-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    const write = (name: string, content: string) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };

    test('takes the place of the variable, without the line break at its end', () => {
      const key = { GOOGLE_API_KEY_FILE: write('key', 'a key of a file\r\n') };
      expect(readConfig(key)).toMatchObject({ google: { apiKey: 'a key of a file' }, secrets: ['a key of a file'] });
      const tokens = { AUTH: 'token', AUTH_TOKENS_FILE: write('tokens', 'ann:0123456789abcdef\n*:fedcba9876543210\n') };
      const { authenticator } = readConfig(tokens).auth;
      expect(authenticator).toMatchObject({ tokens: [{ userId: 'ann' }, { userId: '*', token: 'fedcba9876543210' }] });
    });

    test('exists for every secret of the schema', () => {
      const names = Object.keys(configSchema.shape);
      const secretNames = names.filter((name) => /(?:KEY|TOKENS|SECRET|PASSWORD)$/.test(name));
      expect(secretNames.length).toBeGreaterThan(3);
      for (const name of secretNames) expect(names).toContain(`${name}_FILE`);
    });

    test('is refused beside the variable, and if it is missing, empty or too large; no message contains its content', () => {
      const path = write('other', 'the-content-of-the-file');
      expectInvalid({ GEMINI_API_KEY_FILE: path, GEMINI_API_KEY: 'the-content' }, 'GEMINI_API_KEY_FILE', 'is set too');
      expectInvalid({ GOOGLE_API_KEY_FILE: `${path}-missing` }, 'GOOGLE_API_KEY_FILE', `${path}-missing (ENOENT)`);
      expectInvalid({ GOOGLE_API_KEY_FILE: folder }, 'GOOGLE_API_KEY_FILE', `${folder} (EISDIR)`);
      expectInvalid({ GOOGLE_API_KEY_FILE: write('empty', '\n') }, 'GOOGLE_API_KEY_FILE', 'is empty');
      expectInvalid({ GOOGLE_API_KEY_FILE: write('large', 'x'.repeat(70_000)) }, 'GOOGLE_API_KEY_FILE', 'larger than');
      const read = () => readConfig({ GEMINI_API_KEY_FILE: path, GEMINI_API_KEY: 'the-content', PORT: 'x' });
      expect(messageOf(read)).not.toContain('the-content');
    });
  });

  test('does not repeat a key in its error message', () => {
    expect(messageOf(() => readConfig({ GOOGLE_API_KEY: 'a-secret', PORT: 'x' }))).not.toContain('a-secret');
  });
});

describe('DATABASE_URL', () => {
  test.each([
    ['', { kind: 'sqlite', file: 'data/conversations.db', isDefault: true }],
    ['memory:', { kind: 'memory' }],
    ['sqlite:conversations.db', { kind: 'sqlite', file: 'conversations.db', isDefault: false }],
    ['postgres://me:secret@db:5432/talks', { kind: 'postgres', url: 'postgres://me:secret@db:5432/talks' }],
    ['postgresql://db/talks', { kind: 'postgres', url: 'postgresql://db/talks' }],
  ])('%j names the store %j', (url, store) => {
    expect(readConfig({ DATABASE_URL: url }).store).toEqual(store);
  });

  test.each(['conversations.db', 'sqlite:', 'mysql://me:secret@db/talks', 'postgres://[/talks'])(
    '%j is refused without a word of it',
    (url) => {
      const read = () => readConfig({ DATABASE_URL: url });
      expect(read).toThrow(/DATABASE_URL: must be sqlite:PATH/);
      expect(read).not.toThrow(/secret/);
    },
  );

  test('is a secret: the log contains neither its text nor its password', () => {
    const { secrets } = readConfig({ DATABASE_URL: 'postgres://me:a-long-password@db/talks' });
    expect(secrets).toContain('postgres://me:a-long-password@db/talks');
  });
});

describe('ARTIFACTS_DIR', () => {
  test.each([
    [{ DATABASE_URL: 'sqlite:/var/lib/talks/all.db' }, '/var/lib/talks/artifacts'],
    [{ DATABASE_URL: 'sqlite:all.db' }, 'artifacts'],
    [{ DATABASE_URL: 'sqlite::memory:' }, undefined],
    [{ DATABASE_URL: 'postgres://db/talks' }, undefined],
    [{ DATABASE_URL: 'sqlite:all.db', ARTIFACTS_DIR: 'memory:' }, undefined],
    [{}, 'data/artifacts'],
    [{ DATABASE_URL: 'memory:' }, undefined],
    [{ ARTIFACTS_DIR: '/srv/files' }, '/srv/files'],
  ])('%j stores files in %s', (environment, folder) => {
    expect(readConfig(environment).artifacts.folder).toBe(folder);
  });
});

describe('.env.example', () => {
  const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  /** Variables, each with the comment above it and its default. */
  const entries = [...example.matchAll(/((?:^# .*\n)*)^# ([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(
    ([, comment = '', name = '', value = '']) => ({ name, comment, value }),
  );

  test('names every variable of the schema once, and no other', () => {
    expect(entries.map(({ name }) => name).sort()).toEqual(Object.keys(configSchema.shape).sort());
  });

  test('describes each variable', () => {
    for (const { name, comment } of entries)
      expect({ name, comment }).toEqual({ name, comment: expect.stringMatching(/\w.{20,}/) });
  });

  test('shows the defaults of the schema', () => {
    const defaults: Record<string, unknown> = configSchema.parse({});
    for (const { name, value } of entries) expect({ name, value }).toEqual({ name, value: `${defaults[name]}` });
  });

  test('names the limits of each number, and its unit', () => {
    for (const [name, [min, max]] of Object.entries(NUMBERS)) {
      const comment = entries.find((entry) => entry.name === name)?.comment;
      expect({ name, comment }).toEqual({ name, comment: expect.stringContaining(`(${min} to ${max})`) });
      if (name.endsWith('_MS')) expect(comment).toMatch(/, ms \(/);
      if (name.endsWith('_BYTES')) expect(comment).toMatch(/bytes \(/);
    }
  });

  test('sets nothing as it is, and its values are valid without the #', () => {
    expect(example.match(/^[^#\n].*$/gm)).toBeNull();
    expect(readConfig(Object.fromEntries(entries.map(({ name, value }) => [name, value])))).toEqual(readConfig({}));
  });
});

function expectInvalid(environment: Record<string, string>, name: string, said = ''): void {
  const read = () => readConfig(environment);
  expect(read).toThrow(ConfigError);
  expect(messageOf(read)).toContain(`\n  ${name}: `);
  expect(messageOf(read)).toContain(said);
}

function messageOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}
