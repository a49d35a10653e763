/** Everything that costs money: what is rented, whose it is, and how one is returned by hand. */
import type { Connection } from './checkpoint.ts';
import type { Place } from './place.ts';

export const MACHINES_WORKFLOW_TYPE = 'machines';
export const RELEASE_WORKFLOW_TYPE = 'releaseMachine';

export interface HeldMachine {
  readonly kind: 'trainer' | 'deployment';
  readonly id: string;
}

/** Machines that another workflow returns from here on. */
export interface HandOver {
  /** Id of that workflow. */
  readonly to: string;
  readonly machines: readonly HeldMachine[];
  /** Whose model nobody needs any more. */
  readonly connection?: Connection;
}

export interface Machine extends Partial<Place> {
  readonly kind: 'trainer' | 'deployment';
  readonly id: string;
  readonly runId: string;
  /** The workflow that returns it, where it is not the run. */
  readonly holder?: string;
  readonly since: string;
  /** Left serving on purpose when its run ended: nobody returns it but a person. */
  readonly kept: boolean;
  /** The platform's word on it; absent: it was not asked, as it is another worker's to ask. */
  readonly state?: string;
  /** By the prices that its run states; absent where the run is not known. */
  readonly costPerHour?: number;
  readonly currency?: string;
}

/** On the platform, by the names that pawl plans, and in no open lease of the store. */
export interface UnknownMachine {
  readonly kind: Machine['kind'];
  readonly id: string;
  /** The workflow that planned it, by its name. */
  readonly holder: string;
  readonly state: string;
  /** Its workflow goes on, and returns it itself. */
  readonly inUse: boolean;
  /** Of the store whose workers made it, by its label; absent: it bears none. */
  readonly mark?: string;
  /** The mark is that of the store that was asked: nobody else's machine. */
  readonly ours: boolean;
}

export interface ReleaseInput {
  readonly id: string;
  readonly requestedBy: string;
  /** Also one whose run goes on, which rents another. */
  readonly force: boolean;
  /** Ends the lease only: the platform that it was rented at does not exist any more. */
  readonly forget: boolean;
  /** Also one that the store does not know. */
  readonly unknown?: boolean;
  /** Of these, one that another store's workers made, by its mark, or that bears none (`UNMARKED`). */
  readonly mark?: string;
}

/** Stands for the mark of a machine that bears none. */
export const UNMARKED = 'none';

export interface ReleaseReport {
  readonly kind: Machine['kind'];
  readonly id: string;
  /** The platform's last word. */
  readonly state: string;
}

export interface MachineActivities {
  listMachines(): Promise<readonly Machine[]>;
  findUnknown(): Promise<readonly UnknownMachine[]>;
  releaseMachine(input: ReleaseInput): Promise<ReleaseReport>;
}

/** What the platform keeps with a machine, for people, and to tell whose it is: `pawl 1a2b3c4d RUN`. */
export function machineLabel(runId: string, mark: string): string {
  return `pawl ${mark} ${runId}`;
}

/** The mark that a label bears; undefined: none. */
export function markOf(label: string | undefined): string | undefined {
  return /^pawl ([0-9a-f]{8}) /.exec(label ?? '')?.[1];
}

/** Of a machine that bears another store's mark, or none. */
export function whoseText(mark: string): string {
  if (mark === UNMARKED) return 'bears no mark, and may be another store’s';
  return `bears the mark ${mark} of another store`;
}

const BY_RUN = /^([a-z0-9-]+-[0-9a-f]{8})-(trainer|deploy)(-\d+)?$/;
const BESIDE_RUN = /^[a-z0-9-]+-[0-9a-f]{8}-(appraise|bisect)-[0-9a-f]{8}$/;

/** Which workflow planned a machine of this name; undefined: pawl plans no such name. */
export function plannerOf(id: string): string | undefined {
  return BY_RUN.exec(id)?.[1] ?? (BESIDE_RUN.test(id) ? id : undefined);
}
