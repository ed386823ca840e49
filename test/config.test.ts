import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ConfigError, configSchema, readConfig } from '../src/config.ts';

/** Variables whose value is a whole number, with the limits that they are held to. */
const NUMBERS = {
  PORT: [0, 65_535],
  MODEL_CONNECT_TIMEOUT_MS: [100, 120_000],
  LINGER_MS: [0, 3_600_000],
  HEARTBEAT_MS: [1_000, 60_000],
  STALL_MS: [1_000, 600_000],
  LOG_BYTES: [65_536, 1_073_741_824],
  LOG_AGE_MS: [1_000, 3_600_000],
  MAX_SESSIONS: [1, 1_000_000],
  MAX_SESSION_MS: [0, 86_400_000],
  IDLE_SESSION_MS: [0, 86_400_000],
  MAX_BODY_BYTES: [1_024, 67_108_864],
  BODY_IDLE_MS: [1_000, 600_000],
  SHUTDOWN_GRACE_MS: [0, 600_000],
} as const;

describe('readConfig', () => {
  test('of an empty environment gives the defaults: offline, on loopback', () => {
    expect(readConfig({})).toEqual({
      host: '127.0.0.1',
      port: 8000,
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
      publicDir: undefined,
      lingerMs: 120_000,
      heartbeatMs: 10_000,
      stallMs: 60_000,
      logLimits: { bytes: 4_194_304, ageMs: 120_000 },
      maxSessions: 1_000,
      sessionLimits: {},
      bodyLimits: { maxBytes: 4_194_304, idleMs: 30_000 },
      shutdownGraceMs: 10_000,
      logLevel: 'info',
      logFormat: undefined,
    });
  });

  test('takes an empty variable for one that is not set', () => {
    const empty = Object.fromEntries(Object.keys(configSchema.shape).map((name) => [name, '']));
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  test('pays no heed to variables of others, nor to spaces around a value', () => {
    expect(readConfig({ PORTS: 'x', HOME: '/root', PORT: ' 9000 ', GOOGLE_API_KEY: ' key\n' })).toMatchObject({
      port: 9_000,
      google: { apiKey: 'key' },
    });
  });

  test('gives what cannot be changed', () => {
    const config = readConfig({});
    expect(Object.isFrozen(config)).toBe(true);
    expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError);
  });

  test('of each variable gives its setting', () => {
    expect(
      readConfig({
        HOST: '0.0.0.0',
        PORT: '0',
        GOOGLE_API_KEY: 'key',
        GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:9100',
        GOOGLE_GENAI_API_VERSION: 'v1alpha',
        DEMO_AGENT_MODEL: 'a-model',
        MODEL_CONNECT_TIMEOUT_MS: '100',
        ALLOWED_ORIGINS: ' https://App.example.com ,, http://localhost:3000,chrome-extension://abcdef',
        ALLOWED_HOSTS: 'Tunnel.Example,[::1]',
        PUBLIC_DIR: '/srv/page',
        LINGER_MS: '0',
        HEARTBEAT_MS: '1000',
        STALL_MS: '2000',
        LOG_BYTES: '65536',
        LOG_AGE_MS: '1000',
        MAX_SESSIONS: '1',
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
      publicDir: '/srv/page',
      lingerMs: 0,
      heartbeatMs: 1_000,
      stallMs: 2_000,
      logLimits: { bytes: 65_536, ageMs: 1_000 },
      maxSessions: 1,
      sessionLimits: { maxDurationMs: 60_000, idleTimeoutMs: 1 },
      bodyLimits: { maxBytes: 1_024, idleMs: 3_000 },
      shutdownGraceMs: 0,
      logLevel: 'debug',
      logFormat: 'pretty',
    });
  });

  test('takes GEMINI_API_KEY for the key, unless there is a GOOGLE_API_KEY', () => {
    expect(readConfig({ GEMINI_API_KEY: 'one' }).google).toMatchObject({ offline: false, apiKey: 'one' });
    expect(readConfig({ GEMINI_API_KEY: 'one', GOOGLE_API_KEY: 'two' }).google.apiKey).toBe('two');
  });

  test.each(['GOOGLE_GENAI_USE_VERTEXAI', 'GOOGLE_GENAI_USE_ENTERPRISE'])(
    'takes %s in every spelling of yes and no',
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

  test('of Vertex AI asks for a project and a location, or a key, or another host', () => {
    const vertex = { GOOGLE_GENAI_USE_VERTEXAI: 'true' };
    expectInvalid(vertex, 'GOOGLE_CLOUD_PROJECT', 'Vertex AI needs');
    expectInvalid({ ...vertex, GOOGLE_CLOUD_PROJECT: 'project' }, 'GOOGLE_CLOUD_PROJECT', 'GOOGLE_CLOUD_LOCATION');
    expect(readConfig({ ...vertex, GOOGLE_API_KEY: 'key' }).google.vertexai).toBe(true);
    expect(readConfig({ ...vertex, GOOGLE_GEMINI_BASE_URL: 'http://localhost:9100' }).google.vertexai).toBe(true);
  });

  test('refuses a log that forgets before a heartbeat comes', () => {
    expectInvalid({ LOG_AGE_MS: '9999' }, 'LOG_AGE_MS', 'HEARTBEAT_MS');
    expect(readConfig({ LOG_AGE_MS: '9999', HEARTBEAT_MS: '9999' }).logLimits.ageMs).toBe(9_999);
  });

  test.each(Object.entries(NUMBERS))('takes a %s within its limits, and nothing beyond them', (name, [least, most]) => {
    const beside: Record<string, string> = name === 'LOG_AGE_MS' ? { HEARTBEAT_MS: '1000' } : {};
    for (const value of [least, most]) expect(() => readConfig({ ...beside, [name]: `${value}` })).not.toThrow();
    for (const value of [least - 1, most + 1, least + 0.5, 'many', '12 ms', 'NaN', 'Infinity']) {
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
    ['ALLOWED_ORIGINS', 'app.example.com'],
    ['ALLOWED_HOSTS', 'https://app.example.com'],
    ['ALLOWED_HOSTS', 'app.example.com:8000'],
    ['LOG_LEVEL', 'verbose'],
    ['LOG_FORMAT', 'xml'],
  ])('refuses %s=%s', (name, value) => {
    expectInvalid({ [name]: value }, name);
  });

  test('names every variable that is wrong, each in a line of its own', () => {
    const read = () => readConfig({ PORT: 'x', LINGER_MS: '-1', LOG_FORMAT: 'xml', ALLOWED_ORIGINS: 'a,b' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/^The environment is not valid \(see \.env\.example\):\n/);
    const lines = messageOf(read).split('\n').slice(1);
    expect(lines.map((line) => line.split(':')[0])).toEqual(
      expect.arrayContaining(['  PORT', '  LINGER_MS', '  LOG_FORMAT', '  ALLOWED_ORIGINS']),
    );
    expect(lines.filter((line) => line.startsWith('  ALLOWED_ORIGINS: '))).toHaveLength(2);
  });

  test('does not repeat a key in what it says', () => {
    expect(messageOf(() => readConfig({ GOOGLE_API_KEY: 'a-secret', PORT: 'x' }))).not.toContain('a-secret');
  });
});

describe('.env.example', () => {
  const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  /** Each variable, with the comment above it and the default that it shows. */
  const entries = [...example.matchAll(/((?:^# .*\n)*)^# ([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(
    ([, comment = '', name = '', value = '']) => ({ name, comment, value }),
  );

  test('has every variable of the schema once, and no other', () => {
    expect(entries.map(({ name }) => name).sort()).toEqual(Object.keys(configSchema.shape).sort());
  });

  test('says what each variable is for', () => {
    for (const { name, comment } of entries)
      expect({ name, comment }).toEqual({ name, comment: expect.stringMatching(/\w.{20,}/) });
  });

  test('shows the defaults of the schema', () => {
    const defaults: Record<string, unknown> = configSchema.parse({});
    for (const { name, value } of entries) expect({ name, value }).toEqual({ name, value: `${defaults[name]}` });
  });

  test('names the limits of each number, and its unit', () => {
    for (const [name, [least, most]] of Object.entries(NUMBERS)) {
      const comment = entries.find((entry) => entry.name === name)?.comment;
      expect({ name, comment }).toEqual({ name, comment: expect.stringContaining(`(${least} to ${most})`) });
      if (name.endsWith('_MS')) expect(comment).toMatch(/, ms \(/);
      if (name.endsWith('_BYTES')) expect(comment).toMatch(/bytes \(/);
    }
  });

  test('sets nothing as it stands, and what it shows is valid when the # is taken off', () => {
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
