-- name: lock
-- One decision at a time for each cloud, over all processes; given back with the transaction.
select pg_advisory_xact_lock(7423002, hashtext(%(cloud)s))

-- name: in_flight
-- Other binders of the cloud whose objects a quota read at read_at may lack, with all that was noted of them.
-- "counted": was made before the reading, so it is in it. A create without an answer counts while it may still be on its
-- way, or while its attempt goes on; what it made before that is in the reading, whether a listing showed it or not.
select b.id, b.plan -> 'flavor' as flavor, b.phase = 'creating' as makes_more, b.attempt,
    coalesce(max(v.size_gib), 0) as work_gib, count(v.id) > 0 and bool_and(v.cloud_id is null) as makes_work,
    coalesce(
        jsonb_agg(jsonb_build_object(
            'kind', r.kind, 'attempt', r.attempt,
            'counted', r.cloud_id is not null and (r.made_at is null or r.made_at < %(read_at)s)
        )) filter (where r.kind is not null),
        '[]'
    ) as noted
from binders b left join volumes v on v.held_by = b.id left join resources r on r.binder_id = b.id and r.gone_at is null
    and (
        r.cloud_id is not null
        or (b.phase = 'creating' and r.attempt = b.attempt)
        or r.intended_at > case when r.is_given_up then %(given_up_after)s else %(asked_after)s end
    )
where b.id <> %(id)s and b.phase <> 'deleted' and b.plan is not null and coalesce(b.plan ->> 'cloud', '') = any(%(clouds)s)
group by b.id
having b.phase = 'creating' or bool_or(r.kind is not null and (r.cloud_id is null or r.made_at >= %(read_at)s))

-- name: spared
-- What the binder's newest attempt has in the cloud, in the reading: it goes before anything is made for the next one. And the
-- work volume that it holds, where that is there already.
select kind from resources
where binder_id = %(id)s and attempt = %(attempt)s and cloud_id is not null and gone_at is null
    and (made_at is null or made_at < %(read_at)s)
union
select 'work_volume' from volumes where held_by = %(id)s and cloud_id is not null
