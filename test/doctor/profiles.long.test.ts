import { profiles } from '../gauntlet/profiles/all.ts';
import { describeFindings } from './network-findings.ts';

describeFindings(profiles);
