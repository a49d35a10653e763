/** Claims, in the words of the domain: who is at a piece of work that serves several. */
export interface Claim {
  /** What is claimed. */
  readonly key: string;
  readonly holder: string;
}

export interface ClaimWriter {
  /** Whether the holder has it, from now on for so long; who has it already may have it again. */
  claim(claim: Claim, forMs: number): Promise<boolean>;
  /** Others may have it at once; nothing, if they do already. */
  unclaim(claim: Claim): Promise<void>;
}
