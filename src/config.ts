import { config as loadDotenv } from 'dotenv';
import * as z from 'zod';

const flag = z
  .string()
  .trim()
  .toLowerCase()
  .default('')
  .pipe(z.enum(['true', 'false', '1', '0', '']))
  .transform((value) => value === 'true' || value === '1');
const text = z.string().trim().default('');
/** Items with commas between them. One that does not match would never do what it is there for, and nobody would know why. */
const list = (item: RegExp, what: string) =>
  text.transform((value, context) => {
    const items = value
      .toLowerCase()
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '');
    for (const each of items) {
      if (!item.test(each)) context.addIssue({ code: 'custom', message: `"${each}" is not ${what}` });
    }
    return items;
  });
const integer = (fallback: number, least: number, most: number) =>
  z
    .string()
    .trim()
    .default('')
    .transform((value, context) => {
      const number = value === '' ? fallback : /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      if (number >= least && number <= most) return number;
      context.addIssue({ code: 'custom', message: `"${value}" is not a whole number from ${least} to ${most}` });
      return z.NEVER;
    });

/** Every environment variable that the server reads. `.env.example` says what each is for; the two are tested against each other. */
export const configSchema = z
  .object({
    HOST: text.transform((value) => value || '127.0.0.1'),
    PORT: integer(8000, 0, 65_535),

    GOOGLE_API_KEY: text,
    GEMINI_API_KEY: text,
    GOOGLE_GENAI_USE_VERTEXAI: flag,
    GOOGLE_GENAI_USE_ENTERPRISE: flag,
    GOOGLE_CLOUD_PROJECT: text,
    GOOGLE_CLOUD_LOCATION: text,
    GOOGLE_GEMINI_BASE_URL: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default(''),
    GOOGLE_GENAI_API_VERSION: text,
    DEMO_AGENT_MODEL: text,
    MODEL_CONNECT_TIMEOUT_MS: integer(15_000, 100, 120_000),

    ALLOWED_ORIGINS: list(/^[a-z][a-z0-9+.-]*:\/\/[^/\s*]+$/, 'an origin, as https://app.example.com: no path, no *'),
    ALLOWED_HOSTS: list(
      /^([a-z0-9_.-]+|\[[0-9a-f:.]+\])$/,
      'the name of a host, as app.example.com: no scheme, no port',
    ),
    PUBLIC_DIR: text,

    LINGER_MS: integer(120_000, 0, 3_600_000),
    HEARTBEAT_MS: integer(10_000, 1_000, 60_000),
    STALL_MS: integer(60_000, 1_000, 600_000),
    LOG_BYTES: integer(4 * 1024 * 1024, 64 * 1024, 1024 ** 3),
    LOG_AGE_MS: integer(120_000, 1_000, 3_600_000),
    MAX_SESSIONS: integer(1_000, 1, 1_000_000),
    MAX_SESSION_MS: integer(0, 0, 86_400_000),
    IDLE_SESSION_MS: integer(0, 0, 86_400_000),
    MAX_BODY_BYTES: integer(4 * 1024 * 1024, 1024, 64 * 1024 * 1024),
    BODY_IDLE_MS: integer(30_000, 1_000, 600_000),
    SHUTDOWN_GRACE_MS: integer(10_000, 0, 600_000),

    LOG_LEVEL: z
      .enum(['', 'trace', 'debug', 'info', 'warn', 'error', 'silent'])
      .default('')
      .transform((value) => value || 'info'),
    LOG_FORMAT: z.enum(['', 'pretty', 'json']).default(''),
  })
  .superRefine((values, context) => {
    const vertexai = values.GOOGLE_GENAI_USE_VERTEXAI || values.GOOGLE_GENAI_USE_ENTERPRISE;
    const hasProject = values.GOOGLE_CLOUD_PROJECT !== '' && values.GOOGLE_CLOUD_LOCATION !== '';
    if (vertexai && !hasProject && values.GOOGLE_API_KEY === '' && values.GOOGLE_GEMINI_BASE_URL === '') {
      context.addIssue({
        code: 'custom',
        path: ['GOOGLE_CLOUD_PROJECT'],
        message: 'Vertex AI needs GOOGLE_CLOUD_PROJECT and GOOGLE_CLOUD_LOCATION, or GOOGLE_API_KEY (express mode)',
      });
    }
    if (values.LOG_AGE_MS < values.HEARTBEAT_MS) {
      context.addIssue({
        code: 'custom',
        path: ['LOG_AGE_MS'],
        message: 'must not be less than HEARTBEAT_MS, or a client that notices a lost connection comes back too late',
      });
    }
  });

export type Config = Readonly<ReturnType<typeof toConfig>>;

/** The configuration is wrong: its text has a line for each variable at fault. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the environment, checked and frozen.
 * @throws {ConfigError}
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const parsed = configSchema.safeParse(environment);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(`The environment is not valid (see .env.example):\n${lines.join('\n')}`);
  }
  return Object.freeze(toConfig(parsed.data));
}

/** Adds the variables of a `.env` file in the working directory to the environment; those that are set already win. */
export function loadEnvironment(): Record<string, string | undefined> {
  loadDotenv({ quiet: true });
  return process.env;
}

function toConfig(env: z.output<typeof configSchema>) {
  const vertexai = env.GOOGLE_GENAI_USE_VERTEXAI || env.GOOGLE_GENAI_USE_ENTERPRISE;
  const apiKey = env.GOOGLE_API_KEY || env.GEMINI_API_KEY;
  return {
    host: env.HOST,
    port: env.PORT,
    google: {
      /** Neither credentials nor another host: the emulator in this process answers. */
      offline: apiKey === '' && !vertexai && env.GOOGLE_GEMINI_BASE_URL === '',
      apiKey: apiKey || undefined,
      vertexai,
      project: env.GOOGLE_CLOUD_PROJECT || undefined,
      location: env.GOOGLE_CLOUD_LOCATION || undefined,
      baseUrl: env.GOOGLE_GEMINI_BASE_URL || undefined,
      apiVersion: env.GOOGLE_GENAI_API_VERSION || (vertexai ? 'v1beta1' : 'v1beta'),
      model: env.DEMO_AGENT_MODEL || undefined,
      connectTimeoutMs: env.MODEL_CONNECT_TIMEOUT_MS,
    },
    allowedOrigins: env.ALLOWED_ORIGINS,
    allowedHosts: env.ALLOWED_HOSTS,
    publicDir: env.PUBLIC_DIR || undefined,
    lingerMs: env.LINGER_MS,
    heartbeatMs: env.HEARTBEAT_MS,
    stallMs: env.STALL_MS,
    logLimits: { bytes: env.LOG_BYTES, ageMs: env.LOG_AGE_MS },
    maxSessions: env.MAX_SESSIONS,
    /** Beside those that the agent has of its own: the lower one holds. */
    sessionLimits: {
      ...(env.MAX_SESSION_MS > 0 ? { maxDurationMs: env.MAX_SESSION_MS } : {}),
      ...(env.IDLE_SESSION_MS > 0 ? { idleTimeoutMs: env.IDLE_SESSION_MS } : {}),
    },
    bodyLimits: { maxBytes: env.MAX_BODY_BYTES, idleMs: env.BODY_IDLE_MS },
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
    logLevel: env.LOG_LEVEL,
    logFormat: env.LOG_FORMAT || undefined,
  };
}
