import type { Profile } from '../profile.ts';
import { apacheProfiles } from './apache.ts';
import { caddy } from './caddy.ts';
import { chaosProfiles } from './chaos.ts';
import { direct } from './direct.ts';
import { haproxyProfiles } from './haproxy.ts';
import { mitmproxy } from './mitmproxy.ts';
import { nginxProfiles } from './nginx.ts';
import { squidProfiles } from './squid.ts';
import { tinyproxy } from './tinyproxy.ts';
import { tunnelProfiles } from './tunnels.ts';

/** All networks, in the order of the table. */
export const profiles: readonly Profile[] = [
  direct,
  ...nginxProfiles,
  ...haproxyProfiles,
  ...squidProfiles,
  mitmproxy,
  tinyproxy,
  ...apacheProfiles,
  caddy,
  ...tunnelProfiles,
  ...chaosProfiles,
];

/** Names of the networks of `npm test`: some that differ most. The others are part of `npm run test:long`. */
const REGULAR = [
  'direct',
  'nginx-buffering',
  'nginx-3s-timeout',
  'haproxy',
  'stunnel',
  'random-cuts',
  'reordered-posts',
];

export const regularProfiles = profiles.filter(({ name }) => REGULAR.includes(name));
export const longProfiles = profiles.filter(({ name }) => !REGULAR.includes(name));
