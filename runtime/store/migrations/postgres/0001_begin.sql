-- Times are milliseconds since the epoch, keys are 16 bytes kept as uuid (the smallest type of that size), documents are JSON in text.
-- Names are compared byte by byte: COLLATE "C" is quicker and the same on every machine.

-- One row per customer holds everything that decisions about the customer need.
CREATE TABLE customer (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- How often it has been written: who decided on an older state decides again.
    revision BIGINT NOT NULL,
    -- Date and inactivity triggers are worked off up to here, where that is later than the runner's own place.
    fired BIGINT NOT NULL,
    -- The first moment at which a timer or a message is due; none = nothing is.
    wake_at BIGINT,
    -- A stable hash of the id: workers share the customers by it.
    slot SMALLINT NOT NULL,
    state TEXT NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_limit = 2000);
-- By the slot first: a worker never passes over what falls to others, also while all of it is due.
CREATE INDEX customer_wake ON customer (slot, wake_at) WHERE wake_at IS NOT NULL;

-- Who was erased, by a hash of the id: events of the time before, or without a newer consent, bring nobody back.
CREATE TABLE erased (
    customer UUID NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);

-- What was taken in: an event's source and id take effect once.
CREATE TABLE seen (
    identity UUID NOT NULL PRIMARY KEY,
    body BIGINT NOT NULL,
    -- When: what is old is forgotten. Rows stand about in the order of their coming, so that an index of their places is enough.
    at BIGINT NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_cost_limit = 2000);
-- Places that it has no summary of yet are read in full: new ones get theirs without waiting for a vacuum.
CREATE INDEX seen_at ON seen USING brin (at) WITH (autosummarize = on);

-- The events of each customer side by side, in the order of their times, then of their arrival.
CREATE TABLE event (
    customer TEXT COLLATE "C" NOT NULL,
    time BIGINT NOT NULL,
    n BIGINT GENERATED ALWAYS AS IDENTITY,
    type TEXT COLLATE "C" NOT NULL,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (customer, time, n)
);

-- What date and inactivity triggers reckon from, by what the customer's clock shows there: a firing is a range read.
CREATE TABLE anchor (
    at BIGINT NOT NULL,
    -- What was due up to here was handled when the attribute was set.
    since BIGINT NOT NULL,
    -- By which part of the moment it is kept.
    part SMALLINT NOT NULL,
    attribute TEXT COLLATE "C" NOT NULL,
    zone TEXT COLLATE "C" NOT NULL,
    customer TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (attribute, part, zone, at, customer)
);

-- An index of who is inside which journey, or may still reach its goal; what decides stands in the customer's state.
CREATE TABLE enrollment (
    id UUID NOT NULL,
    version UUID NOT NULL,
    entered BIGINT NOT NULL,
    ended BIGINT,
    -- The number of the step; none past the last.
    node INTEGER,
    customer TEXT COLLATE "C" NOT NULL,
    journey TEXT COLLATE "C" NOT NULL,
    key TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (customer, id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_limit = 2000);
CREATE INDEX enrollment_version ON enrollment (journey, version);
-- Whoever is taken back once there are codes again: few among many.
CREATE INDEX enrollment_no_coupon ON enrollment (customer) WHERE reason = 'no_coupon';

-- The log: what one transaction did for one customer, and what happened on the way.
CREATE TABLE log (
    n BIGINT GENERATED ALWAYS AS IDENTITY,
    clock BIGINT NOT NULL,
    -- How many actions it holds.
    done INTEGER NOT NULL,
    customer TEXT COLLATE "C" NOT NULL,
    actions TEXT NOT NULL,
    traces TEXT NOT NULL,
    PRIMARY KEY (customer, n)
-- An entry stays as it is where it stands: to squeeze it would cost more than to write it.
) WITH (toast_tuple_target = 8160);
-- New entries always come at its end, where one costs next to nothing.
CREATE INDEX log_n ON log (n);

-- What must leave, until it has or is not needed any more; what was given up stays.
CREATE TABLE outbox (
    key UUID NOT NULL PRIMARY KEY,
    n BIGINT GENERATED ALWAYS AS IDENTITY,
    due BIGINT NOT NULL,
    lease BIGINT,
    attempt INTEGER NOT NULL,
    -- How often the other side was asked to take it, before this claim.
    tries INTEGER NOT NULL DEFAULT 0,
    -- pending, claimed, dead, in_doubt
    state TEXT COLLATE "C" NOT NULL,
    customer TEXT COLLATE "C" NOT NULL,
    route TEXT COLLATE "C" NOT NULL,
    reason TEXT,
    -- 1 = what it belongs to was ended: it must not leave any more.
    withdrawn INTEGER NOT NULL DEFAULT 0,
    command TEXT NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_limit = 2000);
CREATE INDEX outbox_open ON outbox (state, due) WHERE state IN ('pending', 'in_doubt');
-- What is under way, by when that has to be over: what was left behind is found without a look at the rest.
CREATE INDEX outbox_claimed ON outbox (lease, n) WHERE state = 'claimed';
-- Those that somebody has to look at, and those that are tried again. What leaves at the first try is in none of these.
CREATE INDEX outbox_given_up ON outbox (n) WHERE state IN ('dead', 'in_doubt');
-- What stays, by whose it is: for erasures.
CREATE INDEX outbox_stays ON outbox (customer) WHERE state IN ('dead', 'in_doubt');
CREATE INDEX outbox_waiting ON outbox (route, due) WHERE state = 'pending';
CREATE INDEX outbox_retried ON outbox (customer, n) WHERE state = 'pending' OR (state = 'claimed' AND attempt > 1);

-- Messages that were handed over, by the names that they have on the other side: it tells of them later.
CREATE TABLE taken (
    key UUID NOT NULL,
    at BIGINT NOT NULL,
    route TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    customer TEXT COLLATE "C" NOT NULL,
    journey TEXT COLLATE "C" NOT NULL,
    step TEXT COLLATE "C" NOT NULL,
    -- What tells the address that it went to from others, and doesn't show it.
    address TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (route, name)
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_cost_limit = 2000);
CREATE INDEX taken_customer ON taken (customer);
-- Rows stand about in the order of their coming.
CREATE INDEX taken_at ON taken USING brin (at) WITH (autosummarize = on);

-- How many commands have left the outbox in one transaction, by the way they went and by how it ended: a row each, so that
-- workers don't wait for each other.
CREATE TABLE outbox_left (
    count BIGINT NOT NULL,
    route TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);

-- Codes of coupon pools: each is given once.
CREATE TABLE code (
    code TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    n BIGINT GENERATED ALWAYS AS IDENTITY,
    -- Up to when it is taken: what holds for ever stands last.
    expires BIGINT NOT NULL,
    imported BIGINT NOT NULL,
    -- When it was put aside, since it may have been given before the store was restored; 0 = it was not.
    aside BIGINT NOT NULL DEFAULT 0,
    -- When, to whom and by what; none = to nobody so far.
    given BIGINT,
    enrollment UUID,
    pool TEXT COLLATE "C" NOT NULL,
    customer TEXT COLLATE "C",
    journey TEXT COLLATE "C"
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_limit = 2000);
CREATE INDEX code_left ON code (pool, aside, expires, n) WHERE given IS NULL;
CREATE INDEX code_aside ON code (pool, code) WHERE aside > 0;
CREATE INDEX code_given ON code (pool, given) WHERE given IS NOT NULL;
CREATE INDEX code_customer ON code (customer) WHERE customer IS NOT NULL;

-- Dead letters.
CREATE TABLE rejected (
    n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    line BIGINT NOT NULL,
    origin TEXT COLLATE "C" NOT NULL,
    reason TEXT NOT NULL,
    -- As it came, whatever it holds.
    body BYTEA NOT NULL
);
CREATE UNIQUE INDEX rejected_place ON rejected (origin, line);

-- How many there were of what was forgotten, so that sums go on adding up.
CREATE TABLE forgotten (
    what TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL
);

-- Places that runners have come to, and small documents: cursors of triggers, pages, files, the desk.
CREATE TABLE mark (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITH (fillfactor = 50);

-- Who has which piece of work that one worker at a time should do, and which workers live.
CREATE TABLE lease (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    worker TEXT COLLATE "C" NOT NULL,
    until BIGINT NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE worker (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    beat BIGINT NOT NULL,
    -- Events that its source still holds may be as old as this.
    behind BIGINT,
    -- What operators said before this has been taken up.
    heeded BIGINT NOT NULL
) WITH (fillfactor = 50);

-- What is in force, and every version that somebody is inside of.
CREATE TABLE definition (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE version (
    hash UUID NOT NULL PRIMARY KEY,
    journey TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    body TEXT NOT NULL
);
