-- The schema of revision 0002 as it was, by pg_dump, to be brought up to date by the test of upgrades.
CREATE FUNCTION public.audit_never_changes() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'the audit log is never changed'; END $$;

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE public.api_token (
    id text NOT NULL,
    digest text NOT NULL,
    person_id text NOT NULL,
    name text NOT NULL,
    scope text NOT NULL,
    created_at double precision NOT NULL,
    expires_at double precision,
    used_at double precision,
    CONSTRAINT api_token_scope_is_known CHECK ((scope = ANY (ARRAY['read'::text, 'edit'::text, 'admin'::text])))
);

CREATE TABLE public.audit (
    id integer NOT NULL,
    at double precision NOT NULL,
    action text NOT NULL,
    actor text NOT NULL,
    project_id text NOT NULL,
    address text NOT NULL,
    detail text NOT NULL
);

CREATE SEQUENCE public.audit_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.audit_id_seq OWNED BY public.audit.id;

CREATE TABLE public.identity_revision (
    id integer NOT NULL,
    number integer NOT NULL,
    CONSTRAINT identity_revision_is_one CHECK ((id = 1))
);

CREATE TABLE public.invitation (
    id text NOT NULL,
    digest text NOT NULL,
    role text NOT NULL,
    created_by text NOT NULL,
    created_at double precision NOT NULL,
    expires_at double precision NOT NULL,
    course_id text NOT NULL,
    max_uses integer NOT NULL,
    uses integer NOT NULL,
    CONSTRAINT invitation_role_is_known CHECK ((role = ANY (ARRAY['admin'::text, 'teacher'::text, 'student'::text])))
);

CREATE TABLE public.person (
    id text NOT NULL,
    login text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    created_at double precision NOT NULL,
    password text NOT NULL,
    subject text NOT NULL,
    disabled integer NOT NULL,
    CONSTRAINT person_disabled_is_a_truth CHECK ((disabled = ANY (ARRAY[0, 1]))),
    CONSTRAINT person_has_a_login CHECK ((length(login) > 0)),
    CONSTRAINT person_role_is_known CHECK ((role = ANY (ARRAY['admin'::text, 'teacher'::text, 'student'::text])))
);

CREATE TABLE public.project (
    id text NOT NULL,
    name text NOT NULL,
    owner text NOT NULL,
    created_at double precision NOT NULL,
    opened_at double precision NOT NULL,
    template text NOT NULL,
    description text NOT NULL,
    deleted_at double precision,
    deleting integer NOT NULL,
    CONSTRAINT project_deleting_is_a_truth CHECK ((deleting = ANY (ARRAY[0, 1]))),
    CONSTRAINT project_has_a_name CHECK ((length(name) > 0))
);

CREATE TABLE public.project_share (
    id text NOT NULL,
    project_id text NOT NULL,
    person_id text NOT NULL,
    share text NOT NULL,
    created_by text NOT NULL,
    created_at double precision NOT NULL,
    CONSTRAINT project_share_is_known CHECK ((share = ANY (ARRAY['viewer'::text, 'editor'::text])))
);

CREATE TABLE public.sandbox (
    project_id text NOT NULL,
    generation integer NOT NULL,
    state text NOT NULL,
    uid integer NOT NULL,
    limits text NOT NULL,
    template text NOT NULL,
    container_id text NOT NULL,
    changed_at double precision NOT NULL,
    started_at double precision NOT NULL,
    deadline double precision,
    end_reason text,
    message text NOT NULL,
    CONSTRAINT sandbox_end_reason_is_known CHECK (((end_reason IS NULL) OR (end_reason = ANY (ARRAY['idle'::text, 'by_user'::text, 'too_old'::text, 'evicted'::text, 'out_of_memory'::text, 'out_of_processes'::text, 'disk_full'::text, 'crashed'::text, 'start_failed'::text, 'engine_gone'::text, 'replaced'::text, 'deleted'::text])))),
    CONSTRAINT sandbox_generation_counts_up CHECK ((generation >= 0)),
    CONSTRAINT sandbox_is_never_root CHECK ((uid > 0)),
    CONSTRAINT sandbox_state_is_known CHECK ((state = ANY (ARRAY['absent'::text, 'queued'::text, 'starting'::text, 'ready'::text, 'pausing'::text, 'paused'::text, 'resuming'::text, 'stopping'::text, 'stopped'::text, 'failed'::text, 'deleted'::text])))
);

CREATE TABLE public.session (
    id text NOT NULL,
    digest text NOT NULL,
    person_id text NOT NULL,
    created_at double precision NOT NULL,
    seen_at double precision NOT NULL,
    expires_at double precision NOT NULL,
    address text NOT NULL,
    agent text NOT NULL
);

CREATE TABLE public.share_link (
    id text NOT NULL,
    digest text NOT NULL,
    project_id text NOT NULL,
    share text NOT NULL,
    created_by text NOT NULL,
    created_at double precision NOT NULL,
    expires_at double precision NOT NULL,
    CONSTRAINT share_link_is_known CHECK ((share = ANY (ARRAY['viewer'::text, 'editor'::text])))
);
ALTER TABLE ONLY public.audit ALTER COLUMN id SET DEFAULT nextval('public.audit_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0002');
INSERT INTO public.identity_revision VALUES (1, 0);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.identity_revision
    ADD CONSTRAINT identity_revision_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.invitation
    ADD CONSTRAINT invitation_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.invitation
    ADD CONSTRAINT invitation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_login_key UNIQUE (login);
ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.project
    ADD CONSTRAINT project_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.project_share
    ADD CONSTRAINT project_share_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sandbox
    ADD CONSTRAINT sandbox_pkey PRIMARY KEY (project_id);
ALTER TABLE ONLY public.sandbox
    ADD CONSTRAINT sandbox_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.share_link
    ADD CONSTRAINT share_link_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.share_link
    ADD CONSTRAINT share_link_pkey PRIMARY KEY (id);
CREATE INDEX audit_at ON public.audit USING btree (at);
CREATE INDEX ix_project_owner ON public.project USING btree (owner);
CREATE UNIQUE INDEX person_subject ON public.person USING btree (subject) WHERE (subject <> ''::text);

CREATE TRIGGER audit_never_changes BEFORE UPDATE ON public.audit FOR EACH ROW EXECUTE FUNCTION public.audit_never_changes();
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.project_share
    ADD CONSTRAINT project_share_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.project_share
    ADD CONSTRAINT project_share_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sandbox
    ADD CONSTRAINT sandbox_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.share_link
    ADD CONSTRAINT share_link_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(id) ON DELETE CASCADE;
-- What people had made, with the ids, user id and password hash that the test gives as variables.
INSERT INTO public.person VALUES (:'person', 'ada', 'Ada of old', 'admin', 1700000000.5, :'password', '', 0);
INSERT INTO public.person VALUES ('grace', 'grace', 'Grace', 'teacher', 1700000001, '', 'https://id.example/#7', 0);
INSERT INTO public.session VALUES ('s', 'a', :'person', 1700000000, 1700000000, :later, '::1', 'Browser');
INSERT INTO public.api_token VALUES ('t', :'token', :'person', 'CI', 'read', 1700000000, NULL, NULL);
INSERT INTO public.invitation VALUES ('i', 'b', 'student', :'person', 1700000000, :later, '', 3, 1);
INSERT INTO public.project VALUES (:'project', 'As it was', :'person', 1700000000, 1700000002, 'empty', 'Größe', NULL, 0);
INSERT INTO public.sandbox VALUES (:'project', 7, 'failed', :uid,
    '{"memory":268435456,"cpus":1.0,"pids":256,"open_files":4096,"shm":268435456,"tmp":268435456,"disk":2147483648}',
    'empty', '', 1700000003, 1700000002, NULL, 'out_of_processes', 'Too many processes.');
INSERT INTO public.project_share VALUES ('g', :'project', 'grace', 'viewer', :'person', 1700000000);
INSERT INTO public.share_link VALUES ('l', 'c', :'project', 'viewer', :'person', 1700000000, :later);
INSERT INTO public.audit (at, action, actor, project_id, address, detail) VALUES
    (:now, 'session.sign_in', :'person', '', '::1', '{"by": "password"}'), (:now + 1, 'session.sign_out', :'person', '', '::1', '{}');
