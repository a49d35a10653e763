/** Where machines are rented: a platform and the account there. What was rented at one place is nobody else's to judge. */

export interface Place {
  /** `sandbox:<its id>`, or the kind of platform and its address, e.g. `fireworks:https://api.fireworks.ai`. */
  readonly platform: string;
  readonly account: string;
}

export function samePlace(one: Place, other: Place): boolean {
  return one.platform === other.platform && one.account === other.account;
}

/** For people. */
export function placeName({ platform, account }: Place): string {
  return `${platform} (account ${account})`;
}

/** `sandbox`, `fireworks`: what people choose by. */
export function platformKind({ platform }: Pick<Place, 'platform'>): string {
  return platform.split(':', 1)[0] ?? platform;
}

/** The place that a value names, if it names one. */
export function placeOf(value: unknown): Place | undefined {
  if (typeof value !== 'object' || value === null || !('platform' in value) || !('account' in value)) return undefined;
  const { platform, account } = value;
  return typeof platform === 'string' && typeof account === 'string' ? { platform, account } : undefined;
}
