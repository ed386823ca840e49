import type { History, Rule, Violation } from './history.ts';
import { LogModel } from './log-model.ts';
import { ReaderCheck } from './reader-check.ts';
import { UplinkCheck } from './uplink-check.ts';

/**
 * Holds a history against the contract (docs/protocol.md): every accepted item is applied once and in order for each client; every entry
 * of the log is told once and in order to each reader, or a `gap` or `reset` says what was not. @returns what is not so, in order
 */
export function findViolations(history: History): Violation[] {
  const violations: Violation[] = [];
  const complain = (rule: Rule, who: string, text: string) => violations.push({ rule, who, text });
  const logs = new Map<string, LogModel>();
  const readers = new Map<string, ReaderCheck>();
  const left = new Set<string>();
  const uplink = new UplinkCheck(complain);
  let newest: string | undefined;

  const getLog = (epoch: string): LogModel => {
    const log = logs.get(epoch) ?? new LogModel(epoch);
    logs.set(epoch, log);
    return log;
  };
  const getReader = (name: string): ReaderCheck => {
    const reader = readers.get(name) ?? new ReaderCheck(logs, (rule, text) => complain(rule, name, text));
    readers.set(name, reader);
    return reader;
  };

  history.forEach((record, at) => {
    switch (record.did) {
      case 'appended':
        getLog(record.epoch).append(record.seq, record.frames, at);
        break;
      case 'let go':
        getLog(record.epoch).oldest = record.oldest;
        if (record.why === 'limit') break;
        for (const [name, reader] of readers) {
          if (!left.has(name)) reader.letGo(record.epoch, record.oldest, record.ms, uplink.isKnown(name, record.epoch));
        }
        break;
      case 'asked':
        getReader(record.reader).asked(record.connection, record.cursor, at, record.silent === true);
        break;
      case 'hung up':
        getReader(record.reader).hungUp(record.connection, record.ms);
        break;
      case 'told':
        getReader(record.reader).told(record, at);
        break;
      case 'left':
        left.add(record.who);
        if (record.how === 'superseded') complain('superseded by nobody', record.who, 'its name is its own');
        break;
      case 'settled':
        for (const [name, reader] of readers) if (!left.has(name)) reader.settled(newest);
        uplink.settled((client) => !left.has(client));
        break;
      default:
        if (record.did === 'opened') {
          newest = record.epoch;
          getLog(record.epoch);
        }
        uplink.take(record);
    }
  });
  return violations;
}
