import { longProfiles } from '../gauntlet/profiles/all.ts';
import { describeFindings } from './network-findings.ts';

describeFindings(longProfiles);
