import type { Attack } from '../attack.ts';
import type { Target } from '../target.ts';

/** Attacks with live sessions: each costs a connection to the model. */
export const sessionAttacks: readonly Attack[] = [
  {
    name: 'session-flood',
    does: 'opens 1,500 sessions of one user with invented session ids',
    stoppedBy: 'live sessions of a user, and connections to the model of a user a minute',
    async run(target) {
      await target.inLanes(20, target.times(1_500), (index) => target.request(`/poll/${target.name}/s${index}?wait=0`));
      await expectNewcomer(target);
    },
  },
  {
    name: 'session-flood-invented-users',
    does: 'opens 1,500 sessions of as many invented users from one address',
    stoppedBy: 'live sessions of an address, and connections to the model of an address a minute',
    async run(target) {
      await target.inLanes(20, target.times(1_500), (index) => target.request(`/poll/${target.name}${index}?wait=0`));
      await expectNewcomer(target);
    },
  },
  {
    name: 'session-flood-distributed',
    does: 'opens 1,500 sessions of as many users from as many addresses, and keeps a stream on each',
    stoppedBy: 'MAX_SESSIONS and MAX_CONNECTIONS; running conversations keep their places',
    async run(target) {
      await target.inLanes(30, target.times(1_500), (index) =>
        target.openStream(`/events/${target.name}${index}`, target.address(index)),
      );
      await target.wait(target.leftMs);
    },
  },
  {
    name: 'forged-forwarded-for',
    does: 'opens 600 sessions from one address, each with another address in X-Forwarded-For, Forwarded and X-Real-IP',
    stoppedBy: 'these headers are read only from TRUSTED_PROXIES',
    async run(target) {
      await target.inLanes(20, target.times(600), (index) => {
        const ip = `10.0.${Math.floor(index / 250)}.${index % 250}`;
        const headers = {
          'X-Forwarded-For': ip,
          Forwarded: `for=${ip}`,
          'X-Real-IP': ip,
          'X-Forwarded-Proto': 'https',
        };
        return target.request(`/poll/${target.name}/f${index}?wait=0`, { headers });
      });
      await expectNewcomer(target);
    },
  },
  {
    name: 'voice-changes',
    does: 'changes the voice of a session by GET as fast as it is answered, on ten connections',
    stoppedBy: 'connections to the model of a user a minute',
    async run(target) {
      const voices = ['Puck', 'Kore', 'Charon', 'Aoede'];
      await target.inLanes(10, Number.POSITIVE_INFINITY, async (index) => {
        const answer = await target.request(
          `/poll/${target.name}?wait=0&voice=${voices[index % voices.length]}&is_audio=${index % 3 > 0}`,
        );
        if (answer?.status !== 200) await target.wait(20);
      });
    },
  },
  {
    name: 'superseding-streams',
    does: 'opens streams and WebSockets of the same client, each of which replaces the one before',
    stoppedBy: 'requests of a user and of an address',
    async run(target) {
      await target.inLanes(10, Number.POSITIVE_INFINITY, async () => {
        const stream = await target.openStream(`/events/${target.name}?client=a&framing=pusher`);
        await stream?.waitFor('session', 1_000);
      });
    },
  },
  {
    name: 'churning-clients',
    does: 'gives every POST another client name, every number another epoch, and every poll another id',
    stoppedBy: 'clients that a session remembers',
    async run(target) {
      const epoch = await target.openSession(target.name);
      await target.inLanes(10, Number.POSITIVE_INFINITY, async (index) => {
        const headers = { 'Content-Type': 'application/json' };
        const ack = index % 2 ? `${epoch}.${index}` : `${'e'.repeat(20)}${index}.1`;
        const body = JSON.stringify({ client: `c${index}`, cseq: 1 + (index % 20), ack, items: [{ interrupt: {} }] });
        await target.request(`/send/${target.name}`, { headers, body });
        await target.request(`/poll/${target.name}?wait=0&client=c${index}&since=${'z'.repeat(index % 2_000)}`);
      });
    },
  },
  {
    name: 'vanished-readers',
    does: 'opens 12 streams through a proxy that reads on when the readers have left, and says nothing more',
    stoppedBy: 'liveness: a client that was not heard for some heartbeats is gone, whatever the proxy does',
    settings: { MAX_SESSIONS: '40' },
    async run(target) {
      const before = await countSessions(target);
      const streams = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          target.openStream(`/events/gone${index}?client=gone`, target.address(index)),
        ),
      );
      for (const stream of streams) await stream?.waitFor('session', 2_000);
      await target.wait(target.leftMs);
      const left = (await countSessions(target)) - before;
      target.note(`${left} of 12 sessions of vanished readers were still live after 10 s at a heartbeat of 1 s`);
      if (left > 0 && target.scale === 1) target.complain(`${left} sessions of vanished readers live on`);
    },
  },
];

/** Complains if a user from another address cannot open a session. */
async function expectNewcomer(target: Target): Promise<void> {
  const answer = await target.request('/poll/newcomer?wait=0', { from: '127.0.0.9' });
  if (answer?.status !== 200)
    target.complain(`a new user from another address was refused with ${answer?.status} ${answer?.code}`);
}

async function countSessions(target: Target): Promise<number> {
  const answer = await target.request('/readyz', { from: '127.0.0.9' });
  return Number(/"sessions":(\d+)/.exec(answer?.body ?? '')?.[1] ?? 0);
}
