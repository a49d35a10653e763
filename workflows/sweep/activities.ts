/** What a sweep has done for it. */
import { proxyActivities } from '@temporalio/workflow';
import type { SweepActivities } from '../../domain/words/sweep-workflow.ts';
import { CALL, COMMON } from '../activities.ts';

/** Tokenizing takes as long as the data is; another attempt goes on where a dead worker left it. */
const { openSweep } = proxyActivities<SweepActivities>({
  ...COMMON,
  heartbeatTimeout: '30s',
  startToCloseTimeout: '4d',
  retry: { ...COMMON.retry, maximumAttempts: 16 },
});

const calls = proxyActivities<SweepActivities>(CALL);

/** Whoever writes has the patience: what was decided must be on record before anything follows from it. */
const writes = proxyActivities<SweepActivities>({ ...COMMON, startToCloseTimeout: '5m' });

export const sweepActivities: SweepActivities = {
  openSweep,
  proposeTrial: writes.proposeTrial,
  judgeTrial: writes.judgeTrial,
  endTrial: writes.endTrial,
  changeSweep: writes.changeSweep,
  slotMachines: calls.slotMachines,
  findFinalists: writes.findFinalists,
  recordConfirmation: writes.recordConfirmation,
  lookPromotion: writes.lookPromotion,
  noteTrialEnd: writes.noteTrialEnd,
  lookTrials: calls.lookTrials,
  sweepSpent: calls.sweepSpent,
  recordSweep: writes.recordSweep,
  noteSweep: writes.noteSweep,
};
