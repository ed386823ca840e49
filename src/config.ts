import { config as loadDotenv } from 'dotenv';
import * as z from 'zod';
import { artifactFields, toArtifactsConfig } from './config-artifacts.ts';
import { authFields, checkAuth, toAuthConfig } from './config-auth.ts';
import { ConfigError } from './config-error.ts';
import { choice, flag, integer, list, originList, text } from './config-fields.ts';
import { limitFields, toLimitConfig } from './config-limits.ts';
import { readProxy } from './config-proxy.ts';
import { readSecrets, withFiles } from './config-secrets.ts';
import { retentionFields, storeFields, toRetentionConfig, toStoreConfig } from './config-store.ts';
import type { ProxyVariables } from './models/provider-agent.ts';

export { ConfigError };

/** Every environment variable that the server reads. `.env.example` documents each; a test compares the two. */
export const configSchema = z
  .object({
    HOST: text.transform((value) => value || '127.0.0.1'),
    PORT: integer(8000, 0, 65_535),
    TLS_CERT_FILE: text,
    TLS_KEY_FILE: text,

    ...withFiles({ GOOGLE_API_KEY: text, GEMINI_API_KEY: text }),
    GOOGLE_GENAI_USE_VERTEXAI: flag,
    GOOGLE_GENAI_USE_ENTERPRISE: flag,
    GOOGLE_CLOUD_PROJECT: text,
    GOOGLE_CLOUD_LOCATION: text,
    GOOGLE_GEMINI_BASE_URL: z
      .union([z.literal(''), z.url({ protocol: /^https?$/, error: 'must be a URL such as http://127.0.0.1:9100' })])
      .default(''),
    GOOGLE_GENAI_API_VERSION: text,
    DEMO_AGENT_MODEL: text,
    MODEL_CONNECT_TIMEOUT_MS: integer(15_000, 100, 120_000),

    ALLOWED_ORIGINS: originList,
    ALLOWED_HOSTS: list(
      /^([a-z0-9_.-]+|\[[0-9a-f:.]+\])$/,
      'a host name such as app.example.com, without a scheme and without a port',
    ),
    ...authFields,
    PUBLIC_DIR: text,
    ...storeFields,
    ...retentionFields,
    ...artifactFields,

    ...limitFields,

    LINGER_MS: integer(120_000, 0, 3_600_000),
    HEARTBEAT_MS: integer(10_000, 1_000, 60_000),
    STALL_MS: integer(60_000, 1_000, 600_000),
    RENEW_MS: integer(300_000, 1_000, 86_400_000),
    MAX_PIPELINED_REQUESTS: integer(16, 1, 1_000),
    LOG_BYTES: integer(4 * 1024 * 1024, 64 * 1024, 1024 ** 3),
    LOG_AGE_MS: integer(120_000, 1_000, 3_600_000),
    MAX_SESSIONS: integer(1_000, 1, 1_000_000),
    MAX_HELD_BYTES: integer(512 * 1024 * 1024, 16 * 1024 * 1024, 1024 ** 4),
    MAX_SESSION_MS: integer(0, 0, 86_400_000),
    IDLE_SESSION_MS: integer(0, 0, 86_400_000),
    MAX_BODY_BYTES: integer(4 * 1024 * 1024, 1024, 64 * 1024 * 1024),
    BODY_IDLE_MS: integer(30_000, 1_000, 600_000),
    SHUTDOWN_GRACE_MS: integer(8_000, 0, 600_000),

    LOG_LEVEL: choice('trace', 'debug', 'info', 'warn', 'error', 'silent').transform((value) => value || 'info'),
    LOG_FORMAT: choice('pretty', 'json'),
  })
  .superRefine((values, context) => {
    checkAuth(values, (name, message) => context.addIssue({ code: 'custom', path: [name], message }));
    const vertexai = values.GOOGLE_GENAI_USE_VERTEXAI || values.GOOGLE_GENAI_USE_ENTERPRISE;
    const hasProject = values.GOOGLE_CLOUD_PROJECT !== '' && values.GOOGLE_CLOUD_LOCATION !== '';
    if (vertexai && !hasProject && values.GOOGLE_API_KEY === '' && values.GOOGLE_GEMINI_BASE_URL === '') {
      context.addIssue({
        code: 'custom',
        path: ['GOOGLE_CLOUD_PROJECT'],
        message: 'Vertex AI needs GOOGLE_CLOUD_PROJECT and GOOGLE_CLOUD_LOCATION, or GOOGLE_API_KEY (express mode)',
      });
    }
    if ((values.TLS_CERT_FILE === '') !== (values.TLS_KEY_FILE === '')) {
      const missing = values.TLS_CERT_FILE === '' ? 'TLS_CERT_FILE' : 'TLS_KEY_FILE';
      context.addIssue({ code: 'custom', path: [missing], message: 'TLS needs both TLS_CERT_FILE and TLS_KEY_FILE' });
    }
    if (values.LOG_AGE_MS < values.HEARTBEAT_MS) {
      context.addIssue({
        code: 'custom',
        path: ['LOG_AGE_MS'],
        message: 'must not be less than HEARTBEAT_MS: a client that notices a lost connection would reconnect too late',
      });
    }
  });

export type Config = Readonly<ReturnType<typeof toConfig>> & {
  /** HTTP proxy between this server and the provider; empty without one. */
  readonly proxy: ProxyVariables;
  /** Texts that the log must not contain: keys, tokens and other secrets of this configuration. */
  readonly secrets: readonly string[];
};

/**
 * Reads the configuration from environment variables, and the files that they name. Variables of other programs are ignored.
 * @returns the configuration, frozen
 * @throws {ConfigError} if a variable is not valid
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const reading = readSecrets(Object.keys(configSchema.shape), environment);
  const proxy = readProxy(environment);
  const parsed = configSchema.safeParse(reading.environment);
  const faults = [
    ...reading.faults,
    ...proxy.faults,
    ...(parsed.error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`),
  ];
  if (!parsed.success || faults.length > 0) {
    throw new ConfigError(
      `The configuration is not valid (see .env.example):\n${faults.map((line) => `  ${line}`).join('\n')}`,
    );
  }
  const secrets = [...reading.secrets, ...proxy.secrets];
  return Object.freeze({ ...toConfig(parsed.data), proxy: proxy.variables, secrets });
}

/** Adds the variables of a `.env` file in the working directory to the environment. Variables that are already set win. */
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
    /** Default: the server speaks HTTP without TLS. */
    tls: env.TLS_CERT_FILE === '' ? undefined : { certFile: env.TLS_CERT_FILE, keyFile: env.TLS_KEY_FILE },
    google: {
      /** Whether the emulator in this process answers, because neither credentials nor another host are configured. */
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
    auth: toAuthConfig(env),
    publicDir: env.PUBLIC_DIR || undefined,
    store: toStoreConfig(env.DATABASE_URL),
    /** How long conversations are stored, and how many. */
    retention: toRetentionConfig(env),
    artifacts: toArtifactsConfig(env, toStoreConfig(env.DATABASE_URL)),
    resumptionSecret: env.RESUMPTION_SECRET || undefined,
    ...toLimitConfig(env),
    lingerMs: env.LINGER_MS,
    heartbeatMs: env.HEARTBEAT_MS,
    stallMs: env.STALL_MS,
    renewMs: env.RENEW_MS,
    maxPipelinedRequests: env.MAX_PIPELINED_REQUESTS,
    logLimits: { bytes: env.LOG_BYTES, ageMs: env.LOG_AGE_MS },
    maxSessions: env.MAX_SESSIONS,
    maxHeldBytes: env.MAX_HELD_BYTES,
    /** The agent may have limits of its own; the lower limit applies. */
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
